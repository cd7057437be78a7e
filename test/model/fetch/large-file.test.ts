import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PartialFile } from '../../../model/fetch/partial-file.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { type Content, miniModel, modelServer, stretch } from './model-server.ts';
import { runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';
const PIECE = 4 << 20;
/** 4 GiB and some more, not a multiple of anything. */
const BYTES = 2 ** 32 + 50_343_993;
const ZEROS = new Uint8Array(1 << 20);
/** Where the file is not zero: at both ends, on both sides of 4 GiB, and in the middle. */
const MARKS = [0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, BYTES - 1];
/** SHA-256 of that file: zeros, with the byte 0xA5 at the marks. */
const SHA256 = 'fd895e0b17d834ef6571d1d98da13c93ec6c26784ac42122ab7a3aef25085473';

const large: Content = {
  bytes: BYTES,
  sha256: SHA256,
  read: (from, to) => {
    const marks = MARKS.filter((mark) => mark >= from && mark < to);
    if (marks.length === 0) return ZEROS.subarray(0, to - from);
    const bytes = new Uint8Array(to - from);
    for (const mark of marks) bytes[mark - from] = 0xa5;
    return bytes;
  },
};

// Reading holes fills a disk's cache with gigabytes of zeros; in memory they cost nothing.
beforeEach(() => {
  if (existsSync('/dev/shm')) vi.stubEnv('TMPDIR', '/dev/shm');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Its sum alone takes half a minute where the machine has other work, in milliseconds. */
const TIMEOUT_MS = 300_000;

test(
  'a file of more than 4 GiB is whole and right, and its zeros take no room',
  { timeout: TIMEOUT_MS },
  async () => {
    const files = miniModel();
    files.set(WEIGHTS, large);
    const server = await modelServer(files);
    const folder = tempFolder();
    // An earlier run had all that is zero, so that the marks alone travel: the rest is the same, a thousand times over.
    const lacking = new Set(MARKS.map((mark) => Math.floor(mark / PIECE)));
    const partial = await PartialFile.open(folder, { name: WEIGHTS, bytes: BYTES, sha256: SHA256 }, PIECE);
    for (const [at, piece] of partial.pieces.entries()) {
      if (!lacking.has(at)) piece.done = piece.to - piece.from;
    }
    await partial.save();
    await partial.close();

    const { files: fetched, notes } = await runFetch(server, folder, { pieceBytes: PIECE });
    expect(notes).toEqual([]);
    expect(fetched.at(-1)).toEqual({ name: WEIGHTS, bytes: BYTES, sha256: SHA256, kept: false });
    const found = await stat(join(folder, WEIGHTS));
    expect(found.size).toBe(BYTES);
    // 512 bytes each, whatever the file system's own blocks are.
    expect(found.blocks * 512).toBeLessThan(BYTES / 100);
    const asked = server.requestsOf(WEIGHTS).map(({ range }) => stretch(range, BYTES).from);
    expect(asked.sort((a, b) => a - b)).toEqual([...lacking].map((at) => at * PIECE).sort((a, b) => a - b));
  },
);

test('what a file with holes had before is not taken for zeros', async () => {
  const folder = tempFolder();
  await writeFile(join(folder, 'x.partial'), 'what an unknown program left');
  const partial = await PartialFile.open(folder, { name: 'x', bytes: 28, sha256: '' }, 28);
  const [piece] = partial.pieces;
  if (piece !== undefined) await partial.write(piece, new Uint8Array(28));
  await partial.close();
  await partial.finish();
  expect((await stat(join(folder, 'x'))).size).toBe(28);
  expect(await readFile(join(folder, 'x'))).toEqual(Buffer.alloc(28));
});
