import { describe, expect, it } from 'vitest';
import { labelsOf } from '../../../service/inference/labels.ts';

const ANSWERS = ['no', 'yes', 'maybe'];

function named(setting: string, answers = ANSWERS): [name: string, answer: string, column: number][] {
  return labelsOf(answers, setting).map(({ name, answer, column }) => [name, answer, column]);
}

describe('LABELS', () => {
  it('leaves names and order as they are if it is empty', () => {
    expect(named('')).toEqual([
      ['no', 'no', 0],
      ['yes', 'yes', 1],
      ['maybe', 'maybe', 2],
    ]);
  });

  it.each(['Yes,No,Maybe', ' yes=Yes , No, MAYBE=Maybe '])('finds the answers by what they say (%s)', (setting) => {
    expect(named(setting)).toEqual([
      ['Yes', 'yes', 1],
      ['No', 'no', 0],
      ['Maybe', 'maybe', 2],
    ]);
  });

  it('takes any names for named answers', () => {
    expect(named('maybe=neutral,yes=entails = so,no=ja')).toEqual([
      ['neutral', 'maybe', 2],
      ['entails = so', 'yes', 1],
      ['ja', 'no', 0],
    ]);
  });

  it('finds answers in capitals, too', () => {
    expect(named('no,yes', ['Yes', 'No'])).toEqual([
      ['no', 'No', 1],
      ['yes', 'Yes', 0],
    ]);
  });

  it('does not guess which answer is meant where two differ in case alone', () => {
    expect(() => named('Yes,yes', ['yes', 'YES'])).toThrow('LABELS has "Yes", which is not an answer');
  });

  it('keeps answers apart that differ in case alone, or that hold "="', () => {
    expect(named('YES,yes', ['yes', 'YES'])).toEqual([
      ['YES', 'YES', 1],
      ['yes', 'yes', 0],
    ]);
    expect(named('A=B,a=x', ['a', 'a=b'])).toEqual([
      ['A=B', 'a=b', 1],
      ['x', 'a', 0],
    ]);
  });

  it.each([
    ['Ja,Nein,Vielleicht', 'LABELS has "Ja", which is not an answer; say which one it stands for, as in "ANSWER=Ja".'],
    ['yes=Ja,non=Nein,maybe', 'LABELS has "non=Nein", but "non" is not an answer.'],
    ['Yes,No', 'LABELS has 2 names.'],
    ['Yes,No,Maybe,yes=Ja', 'LABELS names the answer "yes" twice.'],
  ])('is refused where it does not fit the model (%s)', (setting, message) => {
    expect(() => named(setting)).toThrow(`${message} It must name each of the model's answers once: no, yes, maybe.`);
  });
});
