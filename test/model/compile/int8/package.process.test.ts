import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from '../../../../demo/examples.ts';
import { DEMO_CHECKPOINT } from '../../../../demo/demo-package.ts';
import { compileCheckpoint } from '../../../../model/compile/compile.ts';
import { isUpToDate } from '../../../../model/compile/up-to-date.ts';
import { toPixels } from '../../../../model/input/pixels/pixels.ts';
import { encodePrompt } from '../../../../model/input/tokens.ts';
import * as ort from '../../../../model/onnx-runtime.ts';
import { readPackageExamples } from '../../../../model/package/examples.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../../../model/package/layout.ts';
import { type ModelPackage, openPackage } from '../../../../model/package/open-package.ts';
import { loadTokenizer } from '../../../../model/package/tokenizer.ts';
import { readRegular } from '../../../../model/regular-file.ts';
import type { EngineBatch } from '../../../../service/engine/protocol.ts';
import { runSelfTest } from '../../../../service/engine/session/self-test.ts';
import { type EngineSession, openSession } from '../../../../service/engine/session/session.ts';
import { fixtureFile, fixturePackage } from '../../../../testing/fixtures.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

let model: ModelPackage;

beforeAll(async () => {
  const target = path.join(tempFolder(), 'int8');
  await compileCheckpoint(DEMO_CHECKPOINT, target, { precision: 'int8', examples: EXAMPLES });
  model = await openPackage(target);
});

function open({ dir, manifest }: ModelPackage, threads = 1): Promise<EngineSession> {
  return openSession(dir, manifest, { device: 'cpu', threads, maxBatch: 8 });
}

interface Question {
  readonly pixels: Uint8Array;
  readonly inputIds: readonly number[];
}

/** Questions about the demo's examples. */
async function questions(): Promise<Question[]> {
  const { manifest } = model;
  const tokenizer = loadTokenizer(await readRegular(path.join(model.dir, PACKAGE_FILES.tokenizer)).then(String));
  const { examples } = await readPackageExamples(model);
  const all: Question[] = [];
  for (const { file, sentences } of examples) {
    const pixels = await toPixels(await readRegular(file), manifest.image.size);
    for (const { hypothesis, premise } of sentences) {
      all.push({ pixels, inputIds: encodePrompt(tokenizer, manifest.text, hypothesis, premise).ids });
    }
  }
  return all;
}

function batchOf(asked: readonly Question[], length: number): EngineBatch {
  const images = [...new Set(asked.map(({ pixels }) => pixels))];
  return {
    images,
    items: asked.map(({ pixels, inputIds }) => ({ image: images.indexOf(pixels), inputIds: [...inputIds] })),
    length,
  };
}

async function answers(session: EngineSession, batch: EngineBatch): Promise<number[][]> {
  const { probabilities, logScores } = await session.run(batch);
  const width = probabilities.length / batch.items.length;
  return batch.items.map((_, at) => [
    ...probabilities.subarray(at * width, (at + 1) * width),
    ...logScores.subarray(at * width, (at + 1) * width),
  ]);
}

describe('an int8 package', () => {
  it('multiplies integers everywhere but in the attention of the decoder and in the answer head', () => {
    const counts = new Map(model.manifest.graph.operators.map((each) => [each.operator, each]));
    expect(counts.has('Conv')).toBe(false);
    expect(counts.get('QLinearConv')?.count).toBeGreaterThan(15);
    expect(counts.get('com.microsoft.QLinearAdd')?.count).toBeGreaterThan(0);
    // Four matrix products of each cross-attention in the decoder, and the answer head.
    expect(counts.get('MatMul')?.count).toBe(4 * 2 + 1);
    expect(counts.get('com.microsoft.MatMulIntegerToFloat')?.count).toBeGreaterThan(30);
    const total = model.manifest.graph.multiplyAdds;
    const floating = ['MatMul', 'com.microsoft.MultiHeadAttention'].map((name) => counts.get(name)?.multiplyAdds ?? 0);
    expect(floating.reduce((sum, each) => sum + each, 0) / total).toBeLessThan(0.15);
  });

  it('records its precision and what it was calibrated with, and is less than half the size', async () => {
    expect(model.manifest).toMatchObject({ precision: 'int8', calibration: { from: 'examples', pictures: 12 } });
    const single = path.join(tempFolder(), 'fp32');
    const { memory } = await compileCheckpoint(DEMO_CHECKPOINT, single);
    expect(model.manifest.memory.weightsBytes).toBeLessThan(0.5 * memory.weightsBytes);
  });

  it('passes its self-test', async () => {
    const { selfTestDeviation } = await runSelfTest(await open(model), model.manifest);
    expect(selfTestDeviation).toBeLessThan(1e-4);
  });

  it('gives an item the same bits alone and in any company', async () => {
    const { manifest } = model;
    const session = await open(model);
    const all = await questions();
    const length = manifest.text.lengths.find((each) => all.every(({ inputIds }) => inputIds.length <= each)) ?? 0;
    const alone: number[][] = [];
    for (const question of all) alone.push(...(await answers(session, batchOf([question], length))));
    // Batches of all sizes up to 8: at first about one picture each, then about several.
    for (const stride of [1, 7]) {
      for (let size = 2, at = 0; size <= 8; at += size, size++) {
        const chosen = Array.from({ length: size }, (_, index) => ((at + index) * stride) % all.length);
        const asked = chosen.flatMap((index) => all[index] ?? []);
        expect(await answers(session, batchOf(asked, length))).toEqual(chosen.map((index) => alone[index]));
      }
    }
  });

  it('gives the same bits on any number of threads', async () => {
    const batch = batchOf((await questions()).slice(0, 3), model.manifest.text.lengths.at(-1) ?? 0);
    expect(await answers(await open(model, 3), batch)).toEqual(await answers(await open(model, 1), batch));
  });

  it('gives the same bits the way of a processor without VNNI', async () => {
    const { manifest } = model;
    const [question] = await questions();
    if (!question) throw new Error('the demo has no examples');
    const run = async (session: Record<string, string>): Promise<unknown> => {
      const options = { extra: { session }, logSeverityLevel: 3 } as const;
      const [images, texts] = await Promise.all(
        [PACKAGE_FILES.imageGraph, PACKAGE_FILES.graph].map((name) =>
          ort.InferenceSession.create(path.join(model.dir, name), options),
        ),
      );
      const { size } = manifest.image;
      const features = await images?.run({
        [GRAPH_IO.image]: new ort.Tensor('uint8', question.pixels, [1, size, size, 3]),
      });
      const ids = BigInt64Array.from(question.inputIds, BigInt);
      const results = await texts?.run({
        ...features,
        [GRAPH_IO.inputIds]: new ort.Tensor('int64', ids, [1, ids.length]),
      });
      return results?.[GRAPH_IO.probabilities]?.data;
    };
    expect(await run({ x64quantprecision: '1' })).toEqual(await run({}));
  });

  it('answers like fp32', async () => {
    const single = path.join(tempFolder(), 'fp32');
    await compileCheckpoint(DEMO_CHECKPOINT, single);
    const [exact, rounded] = [await open(await openPackage(single)), await open(model)];
    const all = await questions();
    const length = model.manifest.text.lengths.at(-1) ?? 0;
    const count = model.manifest.answers.length;
    let [same, difference] = [0, 0];
    for (let at = 0; at < all.length; at += 8) {
      const batch = batchOf(all.slice(at, at + 8), length);
      const [wanted, found] = [await answers(exact, batch), await answers(rounded, batch)];
      wanted.forEach((row, index) => {
        const [p, q] = [row.slice(0, count), found[index]?.slice(0, count) ?? []];
        const off = p.map((value, answer) => Math.abs(value - (q[answer] ?? NaN)));
        difference += Math.max(...off) / all.length;
        if (q.indexOf(Math.max(...q)) === p.indexOf(Math.max(...p))) same++;
      });
    }
    expect(same / all.length).toBeGreaterThanOrEqual(0.98);
    expect(difference).toBeLessThan(0.005);
    expect(difference).toBeGreaterThan(0);
  });

  it.each(['mini-none', 'mini-prev-output'] as const)('can be made of %s, with generated pictures', async (fixture) => {
    const { dir, manifest } = await openPackage(await fixturePackage(fixture, 'int8'));
    expect(manifest.calibration).toMatchObject({ from: 'generated', pictures: 16 });
    await runSelfTest(await openSession(dir, manifest, { device: 'cpu', threads: 1, maxBatch: 1 }), manifest);
  });
});

describe('--calibration', () => {
  const checkpoint = fixtureFile('mini-none', '');

  async function pictures(names: readonly string[]): Promise<string> {
    const folder = tempFolder();
    for (const name of names) await cp(fixtureFile('mini-none', name), path.join(folder, name));
    return folder;
  }

  it('takes pictures from a folder, and the same ones give the same bytes', async () => {
    const folder = await pictures(['image-00.png', 'image-01.png']);
    const targets = ['a', 'b'].map((name) => path.join(tempFolder(), name));
    for (const target of targets) {
      await compileCheckpoint(checkpoint, target, { precision: 'int8', calibration: folder, name: 'mini' });
    }
    const [first, second] = await Promise.all(targets.map(openPackage));
    expect(first?.manifest.calibration).toMatchObject({ from: 'folder', pictures: 2 });
    expect(second?.digest).toBe(first?.digest);

    const target = targets[0] ?? '';
    expect(await isUpToDate(checkpoint, target, { precision: 'int8', calibration: folder })).toBe(true);
    expect(await isUpToDate(checkpoint, target, { precision: 'int8' })).toBe(false);
    await cp(fixtureFile('mini-none', 'image-02.png'), path.join(folder, 'image-01.png'));
    expect(await isUpToDate(checkpoint, target, { precision: 'int8', calibration: folder })).toBe(false);
  });

  it.each([
    [
      'a folder that does not exist',
      '/nowhere',
      'The calibration folder /nowhere cannot be read: no such file or folder.',
    ],
    ['an empty folder', 'EMPTY', 'The calibration folder EMPTY has no pictures in it.'],
    [
      'a file that is no picture',
      'TEXT',
      'TEXT/notes.txt cannot be used for calibration. The image is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF file that can be read.',
    ],
  ])('refuses %s', async (_, kind, sentence) => {
    const folder = await pictures(kind === 'TEXT' ? ['image-00.png'] : []);
    if (kind === 'TEXT') await writeFile(path.join(folder, 'notes.txt'), 'no picture');
    else await mkdir(path.join(folder, 'subfolder'));
    const given = kind.startsWith('/') ? kind : folder;
    const compiled = compileCheckpoint(checkpoint, path.join(tempFolder(), 'package'), {
      precision: 'int8',
      calibration: given,
    });
    await expect(compiled).rejects.toThrow(sentence.replace(/EMPTY|TEXT/, folder));
  });
});
