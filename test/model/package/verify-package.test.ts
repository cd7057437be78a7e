import { utimesSync } from 'node:fs';
import { appendFile, cp, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChecksumStream } from '../../../model/package/checksums.ts';
import { PACKAGE_FILES } from '../../../model/package/layout.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { openPackage, type ModelPackage } from '../../../model/package/open-package.ts';
import { PackageVerifier, verifyPackage } from '../../../model/package/verify-package.ts';
import { fixturePackage } from '../../../testing/fixtures.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const PAGE = 4096;

let opened: ModelPackage;
/** The undamaged contents of the files in the manifest. */
const contents = new Map<string, Buffer>();

beforeAll(async () => {
  opened = await openPackage(await fixturePackage('mini-none'));
  for (const { name } of opened.manifest.files) contents.set(name, await readFile(join(opened.dir, name)));
});
afterEach(async () => {
  for (const [name, bytes] of contents) await writeFile(join(opened.dir, name), bytes);
});

async function damageOf(modelPackage: ModelPackage = opened): Promise<string> {
  const error: unknown = await verifyPackage(modelPackage).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return '';
  expect(error).toMatchObject({ code: 'package-damaged' });
  return (error as Error).message;
}

/** An offset in one of the package's files. */
const place = fc
  .tuple(fc.constantFrom(PACKAGE_FILES.graph, PACKAGE_FILES.weights, PACKAGE_FILES.tokenizer), fc.nat())
  .map(([name, at]) => ({ name, at: at % (contents.get(name)?.length ?? 1) }));

it.each(['../notes.txt', '/etc/hostname', 'examples/../../notes.txt', './model.onnx', ''])(
  'a package whose manifest lists the path %j is refused, and no file outside of the folder looked at',
  async (name) => {
    const folder = tempFolder();
    const dir = join(folder, 'package');
    await cp(opened.dir, dir, { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'hello');
    const { bytes, sha256, pieces } = new ChecksumStream().digest();
    const files = [...opened.manifest.files, { name, bytes, sha256, pieces }];
    await writeFile(join(dir, PACKAGE_FILES.manifest), JSON.stringify({ ...opened.manifest, files }));
    await expect(openPackage(dir)).rejects.toThrow(
      `manifest.json in the model package ${dir} is not valid at files.${files.length - 1}.name: it must be the path of a file in the folder; compile the package again.`,
    );
  },
);

describe('a package is refused with the file and the place', () => {
  it('if any bit of any file is flipped', async () => {
    expect(await damageOf()).toBe('');
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 0, max: 7 }), async ({ name, at }, shift) => {
        const bytes = Buffer.from(contents.get(name) ?? []);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << shift);
        await writeFile(join(opened.dir, name), bytes);
        const message = await damageOf();
        await writeFile(join(opened.dir, name), contents.get(name) ?? '');
        expect(message).toBe(
          `${name} in the model package ${opened.dir} is damaged: its bytes 0 to ${bytes.length - 1} do not have the checksum in manifest.json; copy the package again, or compile it again.`,
        );
      }),
      { numRuns: 60 },
    );
    expect(await damageOf()).toBe('');
  });

  it('if a page of any file is zeroed', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ({ name, at }) => {
        const bytes = Buffer.from(contents.get(name) ?? []);
        const start = at - (at % PAGE);
        const page = bytes.subarray(start, start + PAGE);
        // Nothing changes where there were zeros before.
        fc.pre(page.some((byte) => byte !== 0));
        page.fill(0);
        await writeFile(join(opened.dir, name), bytes);
        expect(await damageOf()).toMatch(`${name} in the model package ${opened.dir} is damaged: its bytes `);
        await writeFile(join(opened.dir, name), contents.get(name) ?? '');
      }),
      { numRuns: 30 },
    );
  });

  it.each(Object.values(PACKAGE_FILES).filter((name) => name !== PACKAGE_FILES.manifest))(
    'if %s is shorter, longer, or gone',
    async (name) => {
      const file = join(opened.dir, name);
      const { size } = await stat(file);
      await truncate(file, size - 1);
      expect(await damageOf()).toMatch(`${name} in the model package ${opened.dir} has ${size - 1} bytes but should`);
      await truncate(file, size);
      await appendFile(file, 'x');
      expect(await damageOf()).toMatch(`has ${size + 1} bytes but should have ${size}; copy the package again`);
      await rm(file);
      expect(await damageOf()).toMatch(`${name} in the model package ${opened.dir} cannot be read: no such file`);
    },
  );

  it('if a file has more than one piece: only the damaged one is named', async () => {
    const bytes = contents.get(PACKAGE_FILES.weights) ?? Buffer.alloc(0);
    const pieceBytes = PAGE;
    const inPieces = (file: Manifest['files'][number]): Manifest['files'][number] => {
      const content = contents.get(file.name) ?? Buffer.alloc(0);
      const pieces = [];
      for (let at = 0; at < content.length; at += pieceBytes) {
        const stream = new ChecksumStream();
        stream.update(content.subarray(at, at + pieceBytes));
        pieces.push(stream.digest().sha256);
      }
      return { ...file, pieces };
    };
    const manifest = { ...opened.manifest, pieceBytes, files: opened.manifest.files.map(inPieces) };
    const modelPackage = await rewritten(manifest);
    expect(await damageOf(modelPackage)).toBe('');
    const changed = Buffer.from(bytes);
    changed[3 * PAGE] = (changed[3 * PAGE] ?? 0) ^ 1;
    await writeFile(join(modelPackage.dir, PACKAGE_FILES.weights), changed);
    expect(await damageOf(modelPackage)).toMatch(`its bytes ${3 * PAGE} to ${4 * PAGE - 1} do not have the checksum`);
  });
});

/** A copy of the package with another manifest. */
async function rewritten(manifest: unknown): Promise<ModelPackage> {
  const copy = join(tempFolder(), 'copy');
  await cp(opened.dir, copy, { recursive: true });
  await writeFile(join(copy, PACKAGE_FILES.manifest), JSON.stringify(manifest));
  return openPackage(copy);
}

describe('a manifest is refused', () => {
  it.each([
    [
      'of the first format, which had no checksums of pieces',
      { format: 1 },
      /has format 1 and .* reads format 2; compile the checkpoint again\.$/,
    ],
    [
      'of a newer format',
      { format: 3 },
      /has format 3 and .* reads format 2; update ofa-ve, or compile the checkpoint again with this version\.$/,
    ],
    [
      'whose pieces do not cover a file',
      { pieceBytes: 1 },
      /not valid at files\.0\.pieces: there must be \d+ pieces, not 1/,
    ],
    ['whose pieces take too much memory', { pieceBytes: 2 ** 26 + 1 }, /not valid at pieceBytes: /],
    ['that has nothing to test itself with', { selfTest: { tolerance: 1e-3, cases: [] } }, /at selfTest\.cases: /],
    ['of a model of one answer', { answers: ['yes'] }, /not valid at answers: /],
  ])('%s', async (_, change, message) => {
    await expect(rewritten({ ...opened.manifest, ...change })).rejects.toMatchObject({
      code: 'package-unreadable',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it.each([PACKAGE_FILES.imageGraph, PACKAGE_FILES.graph, PACKAGE_FILES.weights, PACKAGE_FILES.tokenizer])(
    'that does not list %s',
    async (name) => {
      const files = opened.manifest.files.filter((file) => file.name !== name);
      await expect(rewritten({ ...opened.manifest, files })).rejects.toThrow(
        `not valid at files: it does not list ${name}; compile the package again.`,
      );
    },
  );
});

it('files that the manifest does not list do not matter', async () => {
  await writeFile(join(opened.dir, 'notes.txt'), 'hello');
  expect(await damageOf()).toBe('');
});

describe('a verifier', () => {
  it('reads the files once while they stay as they are, and again after a change of any of them', async () => {
    const verifier = new PackageVerifier(opened);
    const first = await verifier.verify();
    const file = join(opened.dir, PACKAGE_FILES.weights);
    // The content and the modification time are the same as before.
    const { atime, mtime } = await stat(file);
    await writeFile(file, contents.get(PACKAGE_FILES.weights) ?? '');
    await utimes(file, atime, mtime);
    const second = await verifier.verify();
    expect(second).not.toBe(first);
    expect(await verifier.verify()).toBe(second);
    const bytes = Buffer.from(contents.get(PACKAGE_FILES.weights) ?? []);
    bytes[100] = (bytes[100] ?? 0) ^ 4;
    await writeFile(file, bytes);
    await utimes(file, atime, mtime);
    await expect(verifier.verify()).rejects.toMatchObject({ code: 'package-damaged' });
  });

  it('reads nothing while the files stay as they are', async () => {
    const closing = new AbortController();
    const verifier = new PackageVerifier(opened, closing.signal);
    const stamp = await verifier.verify();
    // Whatever is read from now on fails.
    closing.abort(new Error('closed'));
    expect(await verifier.verify()).toBe(stamp);
  });

  it('refuses files that are written while it reads them', async () => {
    const { signal } = new AbortController();
    // It asks the signal before each piece.
    vi.spyOn(signal, 'throwIfAborted').mockImplementation(() => {
      utimesSync(join(opened.dir, PACKAGE_FILES.weights), 1, 1);
    });
    await expect(new PackageVerifier(opened, signal).verify()).rejects.toMatchObject({
      code: 'package-damaged',
      message: `The model package ${opened.dir} is being written; start again when that is done.`,
    });
  });

  it('stops reading when it is told to, and fails with the reason', async () => {
    const closing = new AbortController();
    const verified = new PackageVerifier(opened, closing.signal).verify();
    closing.abort(new Error('closed'));
    await expect(verified).rejects.toThrow(/^closed$/);
  });

  it('says when the folder is that of another package', async () => {
    const folder = join(tempFolder(), 'package');
    await cp(opened.dir, folder, { recursive: true });
    const verifier = new PackageVerifier(await openPackage(folder));
    await verifier.verify();
    await rename(folder, `${folder}.old`);
    await expect(verifier.verify()).rejects.toThrow(/^manifest\.json in the model package .* is gone: no such file/);
    await cp(await fixturePackage('mini-prev-output'), folder, { recursive: true });
    await expect(verifier.verify()).rejects.toThrow(
      /was replaced or changed: its manifest\.json is not the one that was/,
    );
    await rm(folder, { recursive: true });
    await rename(`${folder}.old`, folder);
    await verifier.verify();
  });
});
