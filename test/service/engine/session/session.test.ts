import { join } from 'node:path';
import { InferenceSession } from '../../../../model/onnx-runtime.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPackage, type ModelPackage } from '../../../../model/package/open-package.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../../../model/package/manifest.ts';
import { selfTestImage } from '../../../../model/package/self-test.ts';
import type { EngineBatch, Provider } from '../../../../service/engine/protocol.ts';
import { warmUp } from '../../../../service/engine/session/self-test.ts';
import {
  batchSizes,
  makeSession,
  openSession,
  type EngineSession,
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
    const session = await InferenceSession.create(graph, sessionOptions('cpu', 1));
    const run = vi.spyOn(session, 'run');
    const batch = threeItems();
    const filled = await makeSession(session, model.manifest, 'cpu', [1, 2, 4]).run(batch);
    const plain = await makeSession(session, model.manifest, 'cpu').run(batch);
    expect(run.mock.calls.map(([feeds]) => feeds[GRAPH_IO.image]?.dims[0])).toEqual([4, 3]);
    const alone: number[] = [];
    for (const item of batch.items) {
      const { probabilities } = await makeSession(session, model.manifest, 'cpu').run({
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
