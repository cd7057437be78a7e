import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { readStateDict } from '../../../../model/compile/checkpoint/state-dict.ts';
import { UserError } from '../../../../model/errors.ts';
import { readArchivePickle } from '../../../../testing/archive-pickle.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import {
  writeLegacyArchive,
  writeSafetensors,
  writeTorchArchive,
  type ArchiveTensor,
} from '../../../../testing/torch-archive.ts';

const TENSORS: readonly (readonly [string, ArchiveTensor])[] = [
  ['table', { dtype: 'float32', shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i) }],
  ['half', { dtype: 'float16', shape: [5], data: [1, 2, 3, 4, 5] }],
  ['steps', { dtype: 'int64', shape: [], data: [7] }],
];
const VIEW: readonly [string, ArchiveTensor] = [
  'view',
  { dtype: 'float32', shape: [4, 3], strides: [1, 4], tiedTo: 'table' },
];

/** Bytes of which some are replaced, and which may be truncated. */
function damaged(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  const wholeOrCut = fc.oneof({ weight: 4, arbitrary: fc.constant(bytes.length) }, fc.nat(bytes.length));
  return fc.tuple(fc.array(change, { minLength: 1, maxLength: 6 }), wholeOrCut).map(([changes, end]) => {
    const copy = Uint8Array.from(bytes);
    for (const [at, value] of changes) copy[at] = value;
    return copy.subarray(0, end);
  });
}

/** Reads a whole checkpoint. Fails unless it yields the right number of values or a UserError. */
async function readEverything(folder: string): Promise<'read' | 'rejected'> {
  try {
    const weights = await openWeights(folder);
    try {
      for (const [name, { shape }] of weights.tensors) {
        expect(await weights.read(name)).toHaveLength(shape.reduce((product, size) => product * size, 1));
      }
    } finally {
      await weights.close();
    }
    return 'read';
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(/^[^\n]+\.$/);
    return 'rejected';
  }
}

test('a damaged pickle gives tensors or an error of one sentence', async () => {
  const file = join(tempFolder(), 'pytorch_model.bin');
  writeTorchArchive(file, [...TENSORS, VIEW]);
  const pickle = await readArchivePickle(file);
  // Too rare to be left to chance: one wrong byte makes the name of an element type another one.
  const otherType = Uint8Array.from(pickle);
  otherType.set(Buffer.from('B'), Buffer.from(pickle).indexOf('LongStorage'));
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(damaged(pickle), (bytes) => {
      try {
        expect(readStateDict(file, bytes).size).toBeGreaterThan(0);
        outcomes.add('read');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        outcomes.add((error as UserError).code);
      }
    }),
    { numRuns: 5000, examples: [[otherType]] },
  );
  // The damage covers every outcome.
  expect([...outcomes].sort()).toEqual([
    'checkpoint-unreadable',
    'checkpoint-unsafe',
    'checkpoint-unsupported',
    'read',
  ]);
});

test.each([
  ['pytorch_model.bin', 'zip'],
  ['pytorch_model.bin', 'zip64'],
  ['pytorch_model.bin', 'legacy'],
  ['model.safetensors', 'safetensors'],
])('a damaged %s (%s) gives values or an error of one sentence', async (name, format) => {
  const folder = tempFolder();
  const file = join(folder, name);
  if (format === 'safetensors') writeSafetensors(file, TENSORS);
  else if (format === 'legacy') writeLegacyArchive(file, [...TENSORS, VIEW]);
  else writeTorchArchive(file, [...TENSORS, VIEW], { zip64: format === 'zip64' });
  const sound = readFileSync(file);
  expect(await readEverything(folder)).toBe('read');
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(damaged(sound), async (bytes) => {
      writeFileSync(file, bytes);
      outcomes.add(await readEverything(folder));
    }),
    { numRuns: 1000 },
  );
  expect([...outcomes].sort()).toEqual(['read', 'rejected']);
});
