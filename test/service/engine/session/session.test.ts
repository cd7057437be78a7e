import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../../../model/onnx-runtime.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPackage, type ModelPackage } from '../../../../model/package/open-package.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../../../model/package/layout.ts';
import { selfTestImage } from '../../../../model/package/self-test.ts';
import type { EngineBatch, Provider } from '../../../../service/engine/protocol.ts';
import { warmUp } from '../../../../service/engine/session/self-test.ts';
import { batchSizes } from '../../../../service/engine/session/batch-sizes.ts';
import {
  makeSession,
  openSession,
  type EngineSession,
  type GraphSessions,
} from '../../../../service/engine/session/session.ts';
import { sessionOptions } from '../../../../service/engine/session/session-options.ts';
import { fixturePackage } from '../../../../testing/fixtures.ts';
import { largestDifference } from '../../../../testing/graph-session.ts';

let model: ModelPackage;
let graph = '';

beforeAll(async () => {
  model = await openPackage(await fixturePackage('mini-none'));
  graph = join(model.dir, PACKAGE_FILES.graph);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Three questions of different pictures and lengths. */
function threeItems(): EngineBatch {
  const { manifest } = model;
  const { bos, eos } = manifest.text.specialTokens;
  return {
    images: [1, 2, 3].map((seed) => selfTestImage(seed, manifest.image.size)),
    items: [[7], [8, 9], [10, 11, 12]].map((words, image) => ({ image, inputIds: [bos, ...words, eos] })),
    length: manifest.text.lengths[0] ?? 0,
  };
}

async function openSessions(): Promise<GraphSessions> {
  const [image, answers] = await Promise.all(
    [PACKAGE_FILES.imageGraph, PACKAGE_FILES.graph].map((name) =>
      InferenceSession.create(join(model.dir, name), sessionOptions('cpu', 1)),
    ),
  );
  if (!image || !answers) throw new Error('a package has two graphs');
  return { image, answers };
}

describe('a session on CUDA', () => {
  it('uses only CUDA on its one visible GPU, without fallback', () => {
    expect(sessionOptions('cuda', 3)).toEqual({
      executionProviders: [{ name: 'cuda', deviceId: 0 }],
      graphOptimizationLevel: 'all',
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    });
  });

  it('cannot be created if a node would run on the CPU', async () => {
    // Without its only provider, the graph is left to the CPU.
    const options = { ...sessionOptions('cuda', 1), executionProviders: [], logSeverityLevel: 4 } as const;
    await expect(InferenceSession.create(graph, options)).rejects.toThrow(
      /fallback to CPU EP has been explicitly disabled/,
    );
  });

  it('cannot be created without CUDA', async () => {
    // It hides the GPUs from a machine that has some.
    vi.stubEnv('CUDA_VISIBLE_DEVICES', '');
    const load = { device: 'cuda', threads: 1, maxBatch: 4 } as const;
    await expect(openSession(model.dir, model.manifest, load)).rejects.toThrow(/cuda/i);
  });
});

describe('fixed batch sizes', () => {
  it.each([
    [1, [1]],
    [6, [1, 2, 4, 6]],
    [8, [1, 2, 4, 8]],
  ])('up to %i are %j', (maxBatch, sizes) => {
    expect(batchSizes(maxBatch)).toEqual(sizes);
  });

  it('pad batches with rows that change no answer and are not returned', async () => {
    const sessions = await openSessions();
    const images = vi.spyOn(sessions.image, 'run');
    const answered = vi.spyOn(sessions.answers, 'run');
    const batch = threeItems();
    const filled = await makeSession(sessions, model.manifest, 'cpu', { fixedSizes: [1, 2, 4] }).run(batch);
    const plain = await makeSession(sessions, model.manifest, 'cpu').run(batch);
    expect(images.mock.calls.map(([feeds]) => feeds[GRAPH_IO.image]?.dims[0])).toEqual([4, 3]);
    expect(answered.mock.calls.map(([feeds]) => feeds[GRAPH_IO.inputIds]?.dims[0])).toEqual([4, 3]);
    const alone: number[] = [];
    for (const item of batch.items) {
      const { probabilities } = await makeSession(sessions, model.manifest, 'cpu').run({
        ...batch,
        items: [item],
      });
      alone.push(...probabilities);
    }
    expect(largestDifference([...filled.probabilities], alone)).toBeLessThan(1e-5);
    expect(largestDifference([...filled.logScores], [...plain.logScores])).toBeLessThan(1e-4);
    // The three differ by more than that, so that a row in another's place would be seen.
    const answers = model.manifest.answers.length;
    const moved = [...alone.slice(answers), ...alone.slice(0, answers)];
    expect(largestDifference(moved, alone)).toBeGreaterThan(1e-4);
  });
});

describe('the features of a picture', () => {
  /** The features of `count` pictures fill the cache. */
  async function setup(count: number) {
    const sessions = await openSessions();
    const { size } = model.manifest.image;
    const features = await sessions.image.run({
      [GRAPH_IO.image]: new Tensor('uint8', selfTestImage(0, size), [1, size, size, 3]),
    });
    const { data } = features[GRAPH_IO.imageFeatures] ?? {};
    const bytes = (data as Float32Array).byteLength;
    return {
      run: vi.spyOn(sessions.image, 'run'),
      session: makeSession(sessions, model.manifest, 'cpu', { cacheBytes: count * bytes }),
      plain: makeSession(sessions, model.manifest, 'cpu'),
    };
  }

  /** Some of three items, in this order, each with a key for its picture. */
  function ask(numbers: readonly number[]) {
    const { images, items, length } = threeItems();
    return {
      images: numbers.flatMap((at) => images[at] ?? []),
      keys: numbers.map((at) => `picture ${at}`),
      items: numbers.map((at, image) => ({ image, inputIds: items[at]?.inputIds ?? [] })),
      length,
    };
  }

  it('are computed once for all texts of a batch', async () => {
    const { run, session, plain } = await setup(0);
    const { images, items, length } = threeItems();
    const [first] = images;
    const batch = { images: first ? [first] : [], items: items.map((item) => ({ ...item, image: 0 })), length };
    const { probabilities } = await session.run(batch);
    expect(run.mock.calls.map(([feeds]) => feeds[GRAPH_IO.image]?.dims[0])).toEqual([1]);
    for (const [row, item] of batch.items.entries()) {
      const alone = await plain.run({ ...batch, items: [item] });
      expect([...alone.probabilities]).toEqual([...probabilities.slice(row * 3, row * 3 + 3)]);
    }
  });

  it('are kept by key, the latest first, and change no bit of an answer', async () => {
    const { run, session, plain } = await setup(2);
    const computed: number[] = [];
    for (const numbers of [[0], [0, 1], [1, 0], [2], [1], [0, 2]]) {
      run.mockClear();
      const output = await session.run(ask(numbers));
      const rows = run.mock.calls[0]?.[0][GRAPH_IO.image]?.dims[0] ?? 0;
      computed.push(rows);
      expect(output.reusedImages).toBe(numbers.length - rows);
      expect(output.probabilities).toEqual((await plain.run(ask(numbers))).probabilities);
    }
    // The third picture displaces 1, the least recently used, and 1 then displaces 0.
    expect(computed).toEqual([1, 1, 0, 1, 1, 1]);
  });

  it('are those of the picture when a batch displaces a picture that it asks about', async () => {
    const { session, plain } = await setup(1);
    await session.run(ask([0]));
    const output = await session.run(ask([0, 1, 2]));
    expect(output.reusedImages).toBe(1);
    expect(output.probabilities).toEqual((await plain.run(ask([0, 1, 2]))).probabilities);
  });

  it('are not kept without a key or a cache', async () => {
    const batch = threeItems();
    for (const [{ run, session }, keys] of [
      [await setup(9), undefined],
      [await setup(0), ['a', 'b', 'c']],
    ] as const) {
      const outputs = [];
      for (let time = 0; time < 2; time++) outputs.push(await session.run({ ...batch, ...(keys ? { keys } : {}) }));
      expect(run).toHaveBeenCalledTimes(2);
      // Without a cache, there is nothing to count.
      const reused = keys === undefined ? 0 : undefined;
      expect(outputs.map(({ reusedImages }) => reusedImages)).toEqual([reused, reused]);
    }
  });
});

describe('warming up', () => {
  /** The shapes that are run on such a session, as length x size. */
  async function shapesOf(provider: Provider): Promise<string[]> {
    const shapes: string[] = [];
    const session: EngineSession = {
      provider,
      run: ({ items, length }) => {
        shapes.push(`${length} x ${items.length}`);
        return Promise.resolve({ probabilities: new Float32Array(), logScores: new Float32Array() });
      },
    };
    await warmUp(session, model.manifest, batchSizes(6));
    return shapes;
  }

  it('runs every padded length in every batch size once', async () => {
    const { lengths } = model.manifest.text;
    expect(lengths.length).toBeGreaterThan(1);
    const all = lengths.flatMap((length) => [1, 2, 4, 6].map((size) => `${length} x ${size}`));
    expect((await shapesOf('cuda')).sort()).toEqual(all.sort());
  });

  it('runs nothing on a CPU', async () => {
    expect(await shapesOf('cpu')).toEqual([]);
  });
});
