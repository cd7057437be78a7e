import { expect, it } from 'vitest';
import { number, wholeNumber } from '../../../model/options/number.ts';

it.each([
  [number(0.5, 99.9), '0.5', 0.5],
  [number(0, 7200), '7200', 7200],
  [wholeNumber(1, 256), '256', 256],
  [wholeNumber(0), '0', 0],
])('%# takes %s', (parse, text, value) => {
  expect(parse(text)).toBe(value);
});

it.each([
  [number(0, 99.9), '100', 'It must be a number from 0 to 99.9.'],
  [number(0, 99.9), ' ', 'It must be a number from 0 to 99.9.'],
  [number(0, 99.9), 'many', 'It must be a number from 0 to 99.9.'],
  [wholeNumber(1, 256), '257', 'It must be a whole number from 1 to 256.'],
  [wholeNumber(1), '0', 'It must be a whole number of at least 1.'],
  [wholeNumber(0), '1.5', 'It must be a whole number of at least 0.'],
  [wholeNumber(0), 'Infinity', 'It must be a whole number of at least 0.'],
  [wholeNumber(0), '', 'It must be a whole number of at least 0.'],
])('%# refuses "%s"', (parse, text, message) => {
  expect(() => parse(text)).toThrow(message);
});
