import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseShard, partsOf, rangeOf } from '../../batch/shard.ts';

test('shards are disjoint, complete, in order and of equal length but for one row', () => {
  fc.assert(
    fc.property(fc.nat(5_000_000), fc.integer({ min: 1, max: 200 }), (rows, count) => {
      const ranges = Array.from({ length: count }, (_, index) => rangeOf({ index, count }, rows));
      expect(ranges[0]?.first).toBe(0);
      expect(ranges.at(-1)?.end).toBe(rows);
      for (const [index, { first, end }] of ranges.entries()) {
        expect(first).toBe(index === 0 ? 0 : ranges[index - 1]?.end);
        expect([Math.floor(rows / count), Math.ceil(rows / count)]).toContain(end - first);
      }
    }),
  );
});

test('the parts of a range are disjoint, complete and in order', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 300 }), (first, length, partRows) => {
      const parts = partsOf({ first, end: first + length }, partRows);
      const rows = parts.flatMap((part) => Array.from({ length: part.end - part.first }, (_, row) => part.first + row));
      expect(rows).toEqual(Array.from({ length }, (_, row) => first + row));
      expect(parts.map(({ index }) => index)).toEqual([...parts.keys()]);
      expect(parts.slice(0, -1).every((part) => part.end - part.first === partRows)).toBe(true);
    }),
  );
});

test('a shard is chosen by --shard, or by --shards and the index of the Job', () => {
  expect(chooseShard(undefined, undefined, '1')).toBeUndefined();
  expect(chooseShard('2/3', undefined, '1')).toEqual({ index: 2, count: 3 });
  expect(chooseShard(undefined, '3', '1')).toEqual({ index: 1, count: 3 });
});

test.each([
  ['3/3', undefined, undefined, '--shard is "3/3" but must be I/N, with I from 0 to N - 1.'],
  ['1', undefined, undefined, '--shard is "1" but must be I/N, with I from 0 to N - 1.'],
  ['1/2/3', undefined, undefined, '--shard is "1/2/3" but must be I/N, with I from 0 to N - 1.'],
  ['0/1', '1', undefined, 'Give either --shard or --shards.'],
  [undefined, '0', '0', '--shards is "0" but must be a whole number from 1 to 999999.'],
  [undefined, '4.5', '0', '--shards is "4.5" but must be a whole number from 1 to 999999.'],
  [
    undefined,
    '4',
    '1.5',
    'JOB_COMPLETION_INDEX is "1.5" but must be a whole number from 0 to 3. Outside of an indexed Job, use --shard I/N.',
  ],
  [
    undefined,
    '4',
    undefined,
    'JOB_COMPLETION_INDEX is not set but must be a whole number from 0 to 3. Outside of an indexed Job, use --shard I/N.',
  ],
  [
    undefined,
    '4',
    '4',
    'JOB_COMPLETION_INDEX is "4" but must be a whole number from 0 to 3. Outside of an indexed Job, use --shard I/N.',
  ],
])('--shard %s with --shards %s and index %s is refused', (shard, shards, index, message) => {
  expect(() => chooseShard(shard, shards, index)).toThrow(message);
});
