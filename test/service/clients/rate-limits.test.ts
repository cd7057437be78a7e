import { describe, expect, it } from 'vitest';
import { parseKeys, type KeyHolder } from '../../../service/clients/key-file.ts';
import { RateLimits } from '../../../service/clients/rate-limits.ts';

const HASH = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

function holders(lines: string): KeyHolder[] {
  return [...parseKeys(lines, 'keys').values()];
}

describe('a rate', () => {
  it('lets so many requests through at once, and as many more in each period', () => {
    let now = 0;
    const limits = new RateLimits(() => now);
    limits.set(holders(`${HASH} a rate=6/min\n${OTHER} b`));
    const taken = (): boolean[] => Array.from({ length: 7 }, () => limits.take('a') === 0);
    expect(taken()).toEqual([true, true, true, true, true, true, false]);
    expect(limits.waitMs('a')).toBe(10_000);
    now += 9000;
    expect(limits.take('a')).toBe(1000);
    now += 1000;
    expect([limits.take('a'), limits.take('a')]).toEqual([0, 10_000]);
    now += 3_600_000;
    expect(taken()).toEqual([true, true, true, true, true, true, false]);
    for (let request = 0; request < 1000; request++) expect(limits.take('b')).toBe(0);
  });

  it('is used up no more and no less after the file was read again, unless it has changed', () => {
    const limits = new RateLimits(() => 0);
    limits.set(holders(`${HASH} a rate=1/s`));
    expect(limits.take('a')).toBe(0);
    limits.set(holders(`${HASH} a rate=1/s`));
    expect(limits.take('a')).toBe(1000);
    limits.set(holders(`${HASH} a rate=2/s`));
    expect(limits.take('a')).toBe(0);
    limits.set(holders(`${HASH} a`));
    expect([limits.take('a'), limits.take('a')]).toEqual([0, 0]);
  });
});

describe('a file of keys', () => {
  it('has each key under one name, on as many lines as one likes', () => {
    expect(holders(`${HASH} a\n${HASH} a rate=5/s`)).toHaveLength(1);
    const twice = `${HASH} a rate=5/s\n${OTHER} b\n${HASH.toUpperCase()} b`;
    expect(() => holders(twice)).toThrow(
      'Line 3 of API_KEYS_FILE keys gives b a key that an earlier line gives a; a key has one name.',
    );
  });

  it('gives all keys of a name the rate on one of its lines', () => {
    const [first, second, third] = holders(`${HASH} a # old\n${OTHER}  a\trate=5/S\n${'c'.repeat(64)} rate=1/h`);
    expect(first).toEqual({ name: 'a', rate: { requests: 5, periodMs: 1000, period: 'second', text: '5/s' } });
    expect(second).toEqual(first);
    expect(third).toEqual({
      name: 'cccccccc',
      rate: { requests: 1, periodMs: 3_600_000, period: 'hour', text: '1/h' },
    });
  });

  it.each([
    [`${HASH} a rate=5`, /^Line 1 of API_KEYS_FILE keys is not .* a rate such as rate=10\/s/],
    [`${HASH} a rate=0/s`, /^Line 1 of/],
    [`${HASH} rate=5/s a`, /^Line 1 of/],
    [`${HASH} a rate=5/day`, /^Line 1 of/],
    [`${HASH} a rate=5/s\n${OTHER} a rate=6/s`, /^Line 2 of API_KEYS_FILE keys gives a the rate 6\/s, but .* 5\/s/],
  ])('%j is refused', (text, message) => {
    expect(() => parseKeys(text, 'keys')).toThrow(message);
  });
});
