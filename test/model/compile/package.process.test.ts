import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import { openPackage } from '../../../model/package/open-package.ts';
import { selfTestImage } from '../../../model/package/self-test.ts';
import { ofaVe } from '../../../testing/cli.ts';
import { variant, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { largestDifference, openGraph } from '../../../testing/graph-session.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/ofa/mini-prev-output', import.meta.url));

describe('a model package', () => {
  test('is identical for the same checkpoint', async () => {
    const folder = tempFolder();
    const [first, second] = [path.join(folder, 'a'), path.join(folder, 'b')];
    await compileCheckpoint(FIXTURE, first, { precision: 'fp16' });
    await compileCheckpoint(FIXTURE, second, { precision: 'fp16' });
    const names = await readdir(first);
    expect(names.sort()).toEqual(['image.onnx', 'manifest.json', 'model.onnx', 'model.onnx.data', 'tokenizer.json']);
    for (const name of names) {
      const [a, b] = await Promise.all([first, second].map((each) => readFile(path.join(each, name))));
      expect(b && a?.equals(b)).toBe(true);
    }
  });

  test('of two compilers with the same target, one writes it and the other says that it is there', async () => {
    const folder = tempFolder();
    const target = path.join(folder, 'package');
    const results = await Promise.allSettled([compileCheckpoint(FIXTURE, target), compileCheckpoint(FIXTURE, target)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toMatchObject({
      code: 'package-exists',
      message: `${target} exists already: choose another folder, or replace it with --force.`,
    });
    expect(await readdir(folder)).toEqual(['package']);
  });

  test('may have the longest name that a folder can have', async () => {
    const folder = tempFolder();
    const name = `${'🐕'.repeat(63)}xyz`;
    await compileCheckpoint(FIXTURE, path.join(folder, name));
    await compileCheckpoint(FIXTURE, path.join(folder, name), { replace: true });
    expect(await readdir(folder)).toEqual([name]);
  });

  test('does not replace what has come into its place while it was compiled', async () => {
    const target = path.join(tempFolder(), 'package');
    const onProgress = (): void => {
      mkdirSync(target, { recursive: true });
      writeFileSync(path.join(target, 'mine'), '');
    };
    const compiling = compileCheckpoint(FIXTURE, target, { replace: true, onProgress });
    await expect(compiling).rejects.toMatchObject({ code: 'package-exists' });
    expect(await readdir(target)).toEqual(['mine']);
  });

  test('has a valid manifest, whose self-test matches the results of the whole graph', async () => {
    const target = path.join(tempFolder(), 'package');
    const written = await compileCheckpoint(FIXTURE, target, { name: 'mini' });
    const { manifest } = await openPackage(target);
    expect(manifest).toEqual(written);
    const plain = path.join(path.dirname(target), 'plain');
    await mkdir(plain);
    expect((await stat(target)).mode).toBe((await stat(plain)).mode);
    expect(manifest).toMatchObject({ name: 'mini', answers: ['no', 'yes', 'maybe'], image: { size: 96 } });
    expect(manifest.source.files.map((file) => file.name)).toEqual([
      'config.json',
      'configuration.json',
      'vocab.json',
      'merges.txt',
      'ans2label.json',
      'pytorch_model.bin',
    ]);
    const graph = await openGraph(target);
    const { cases, tolerance } = manifest.selfTest;
    const answers = await graph.ask(
      cases.map(({ imageSeed, inputIds }) => ({ inputIds, pixels: selfTestImage(imageSeed, 96) })),
    );
    await graph.close();
    expect(new Set(cases.map(({ inputIds }) => inputIds.length)).size).toBeGreaterThan(1);
    cases.forEach(({ probabilities }, at) => {
      const answered = answers[at]?.probabilities ?? [];
      expect(largestDifference(answered, probabilities)).toBeLessThan(Math.min(tolerance, 1e-5));
    });
  });

  test('says what the model knows if the checkpoint or the caller does, and nothing otherwise', async () => {
    const folder = tempFolder();
    const checkpoint = path.join(folder, 'checkpoint');
    await cp(FIXTURE, checkpoint, { recursive: true });
    const compiled = async (name: string, knows?: string): Promise<string> => {
      const target = path.join(folder, name);
      await compileCheckpoint(checkpoint, target, knows === undefined ? {} : { knows });
      expect((await openPackage(target)).manifest.knows).toBe(knows ?? (name === 'own' ? 'Cats.' : undefined));
      return readFile(path.join(target, 'manifest.json'), 'utf8');
    };
    expect(await compiled('none')).not.toContain('knows');
    await compiled('given', 'Dogs.');
    const configuration = path.join(checkpoint, 'configuration.json');
    const json = JSON.parse(await readFile(configuration, 'utf8')) as object;
    await writeFile(configuration, JSON.stringify({ ...json, knows: 'Cats.' }));
    await compiled('own');
    await compiled('both', 'Dogs.');
    const wrong = await ofaVe(['compile', checkpoint, path.join(folder, 'wrong'), '--knows', 'Cats\nand dogs.']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('It must be one sentence of at most 300 characters, on one line.');
    const { stdout } = await ofaVe(['inspect', path.join(folder, 'own')]);
    expect(stdout).toMatch(/knows +Cats\./);
  });

  test('has fewer positions with fewer text tokens, and the same answers for short texts', async () => {
    const folder = tempFolder();
    const [long, short] = [path.join(folder, 'long'), path.join(folder, 'short')];
    await compileCheckpoint(FIXTURE, long);
    const manifest = await compileCheckpoint(FIXTURE, short, { maxTextTokens: 10 });
    expect(manifest.text).toMatchObject({ maxTokens: 10 });
    expect(Math.max(...manifest.text.lengths)).toBeLessThan(20);
    const question = { pixels: selfTestImage(3, 96), inputIds: [0, 40, 50, 60, 2] };
    const graphs = [await openGraph(long), await openGraph(short)];
    const [a, b] = await Promise.all(graphs.map((graph) => graph.ask([question])));
    await Promise.all(graphs.map((graph) => graph.close()));
    expect(largestDifference(a?.[0]?.logScores ?? [], b?.[0]?.logScores ?? [1])).toBeLessThan(1e-5);
  });

  test('holds the biases of attention once where all layers share them', async () => {
    const slicesOf = async (shared: boolean): Promise<number> => {
      const checkpoint = path.join(tempFolder(), 'checkpoint');
      writeVariantCheckpoint(checkpoint, variant('biases', { config: { share_attn_bias: shared } }));
      const { graph } = await compileCheckpoint(checkpoint, path.join(tempFolder(), 'package'));
      return graph.operators.find(({ operator }) => operator === 'Slice')?.count ?? 0;
    };
    // Each of two encoder layers cuts its own to the length of the text.
    expect((await slicesOf(false)) - (await slicesOf(true))).toBe(1);
  });

  test('is not written if float16 cannot represent a weight, which the error names', async () => {
    const folder = tempFolder();
    const checkpoint = path.join(folder, 'checkpoint');
    writeVariantCheckpoint(checkpoint, variant('scaled', { config: { attn_scale_factor: 1e-16 } }));
    const result = await ofaVe(['compile', checkpoint, path.join(folder, 'out'), '--precision', 'fp16']);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /^(encoder|decoder)\.\S+ holds \S+, which float16 cannot represent: compile with --precision fp32\.\n$/,
    );
    expect(await readdir(folder)).toEqual(['checkpoint']);
  });

  test('inspect prints a summary, or JSON', async () => {
    const target = path.join(tempFolder(), 'package');
    const manifest = await compileCheckpoint(FIXTURE, target);
    const { code, stdout } = await ofaVe(['inspect', target]);
    expect(code).toBe(0);
    for (const words of [
      /^answers +no, yes, maybe$/m,
      /^picture +96 x 96 RGB, 36 positions$/m,
      /^parameters +\d+ k$/m,
      /^multiply-adds +[\d.]+ M per answer/m,
      /^memory, batch 8 +[\d.]+ MB/m,
      /^ +com\.microsoft\.MultiHeadAttention +4 +[\d.]+ M$/m,
    ]) {
      expect(stdout).toMatch(words);
    }
    expect(JSON.parse((await ofaVe(['inspect', target, '--json'])).stdout)).toEqual(manifest);
  });

  test('inspect verifies the checksums, unless it is told not to', async () => {
    const target = path.join(tempFolder(), 'package');
    await compileCheckpoint(FIXTURE, target);
    await writeFile(path.join(target, 'notes.txt'), 'hello');
    const whole = await ofaVe(['inspect', target]);
    expect(whole.stdout).toMatch(/^checksums +correct in every file$/m);
    expect(whole.stdout).toMatch(/^not listed +notes\.txt, which nothing reads$/m);
    const { digest } = await openPackage(target);
    expect(whole.stdout).toMatch(new RegExp(`^digest +${digest}$`, 'm'));
    const weights = path.join(target, 'model.onnx.data');
    const bytes = await readFile(weights);
    await writeFile(weights, bytes.fill(0, 4096, 8192));
    const damaged = await ofaVe(['inspect', target]);
    expect(damaged).toMatchObject({ code: 1, stdout: '' });
    expect(damaged.stderr).toMatch(/^model\.onnx\.data in the model package .* is damaged: its bytes 0 to .*\.\n$/);
    const unread = await ofaVe(['inspect', target, '--no-verify']);
    expect(unread.code).toBe(0);
    expect(unread.stdout).toMatch(/^checksums +not verified$/m);
  });

  test('inspect says if a folder is not a package', async () => {
    const result = await ofaVe(['inspect', tempFolder()]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/^.* is not a model package: .*\.\n$/);
  });
});
