import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requestBodies } from '../../../bench/gpu/requests.ts';
import { findSubjects } from '../../../bench/gpu/subjects.ts';
import { PACKAGE_FILES } from '../../../model/package/layout.ts';
import { fixturePackage, fixtureFile } from '../../../testing/fixtures.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const folder = tempFolder();

describe('a checkpoint', () => {
  /** What is compiled for a checkpoint, and the sentence about it. */
  async function compile(checkpoint: string): Promise<{ progress: string[]; summary: string }> {
    const progress: string[] = [];
    const options = {
      device: 'cpu',
      checkpoints: [checkpoint],
      folder,
      onProgress: (line: string) => progress.push(line),
    };
    const [found] = await findSubjects({ ...options, device: 'cpu' });
    if (found === undefined || !('compile' in found)) throw new Error('it is not one to compile');
    const { subject, summary } = await found.compile();
    expect(subject).toMatchObject({ name: 'mine', served: join(folder, 'mine-fp32') });
    return { progress, summary };
  }

  const both = ['compiling mine in fp32', 'compiling mine in fp16'];

  it('is compiled once, and again when it or the compiler has changed', { timeout: 240_000 }, async () => {
    const checkpoint = join(folder, 'mine');
    await cp(fixtureFile('mini-none', ''), checkpoint, { recursive: true });
    expect(await compile(checkpoint)).toEqual({
      progress: both,
      summary: 'The model is compiled in fp32 and fp16.',
    });
    expect(await compile(checkpoint)).toEqual({
      progress: [],
      summary: 'The model is already up to date in fp32 and fp16.',
    });

    const manifest = join(folder, 'mine-fp16', PACKAGE_FILES.manifest);
    const text = await readFile(manifest, 'utf8');
    await writeFile(manifest, text.replace(/("compiler": \{[^}]*"version": ")[^"]*/, '$10.0.0'));
    expect(await compile(checkpoint)).toEqual({
      progress: both.slice(1),
      summary: 'The model is compiled in fp16, already up to date in fp32.',
    });

    await rm(join(folder, 'mine-fp16'), { recursive: true });
    await cp(join(folder, 'mine-fp32'), join(folder, 'mine-fp16'), { recursive: true });
    expect((await compile(checkpoint)).progress).toEqual(both.slice(1));

    const merges = join(checkpoint, 'merges.txt');
    await writeFile(merges, `${await readFile(merges, 'utf8')}\n`);
    expect((await compile(checkpoint)).progress).toEqual(both);
  });
});

describe('given packages', () => {
  it('are rejected if they have the wrong precision', { timeout: 120_000 }, async () => {
    const fp32 = await fixturePackage('mini-none');
    const options = { device: 'cpu', checkpoints: [], folder, onProgress: () => undefined } as const;
    await expect(findSubjects({ ...options, packages: { fp16: fp32, fp32 } })).rejects.toThrow(
      `--fp16 is ${fp32}, a package in fp32; give one that was compiled with --precision fp16.`,
    );
    const fp16 = await fixturePackage('mini-none', 'fp16');
    await expect(findSubjects({ ...options, packages: { fp16, fp32: fp16 } })).rejects.toThrow(
      `--fp32 is ${fp16}, a package in fp16`,
    );
    expect(await findSubjects({ ...options, packages: { fp16, fp32 } })).toMatchObject([{ fp16, fp32 }]);
  });
});

describe('requests of several clients', () => {
  it('share no picture and no sentence, so that no work is shared', async () => {
    const bodies = await requestBodies(12);
    const asked = bodies.map((own) =>
      own.map((body) => JSON.parse(body.toString()) as { image: string; text: string }),
    );
    expect(asked.every((own) => own.length > 1)).toBe(true);
    expect(new Set(asked.flat().map(({ text }) => text)).size).toBe(asked.flat().length);
    expect(new Set(asked.map((own) => own[0]?.image)).size).toBe(12);
  });
});
