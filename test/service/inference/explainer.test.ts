import { afterEach, describe, expect, it, vi } from 'vitest';
import { EngineUnavailable, InputError, Overloaded } from '../../../service/inference/errors.ts';
import { Explainer, type ExplainerOptions, type ExplainRequest } from '../../../service/inference/explainer.ts';
import { coverWindow, heatmapOf, meanColour, peakOf, WINDOWS } from '../../../service/inference/occlusion.ts';
import type { PredictorParts } from '../../../service/inference/batching-predictor.ts';
import type { Stage } from '../../../service/inference/observer.ts';
import type { Predictor, PredictRequest } from '../../../service/inference/predictor.ts';

const SIZE = 16;
const WHITE = 255;

/** A black picture with one white pixel. */
function pictureWithDot(x: number, y: number): Uint8Array {
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  pixels.fill(WHITE, (y * SIZE + x) * 3, (y * SIZE + x) * 3 + 3);
  return pixels;
}

/**
 * An explainer for a model that answers yes at 0.9 while it sees the white pixel, and at 0.1 otherwise.
 *
 * @param onSubmit called with the signal of each batch, and with what observes its stages
 * @param run the time of each run, and its items with those of others
 */
function setup(
  options: Partial<ExplainerOptions> = {},
  waiting = 0,
  onSubmit: (signal: AbortSignal, report: (stage: Stage) => void) => Promise<never> | undefined = () => undefined,
  run = { ms: 100, items: 4 },
) {
  const batches: number[] = [];
  const asked: (readonly string[])[] = [];
  const encoded: (string | undefined)[][] = [];
  const counted: string[] = [];
  const predictor = {
    preprocess: (image: Uint8Array) => Promise.resolve(image),
    predict: ({ hypotheses, isUncounted }: PredictRequest) => {
      expect(isUncounted).toBe(true);
      asked.push(hypotheses);
      return Promise.resolve([{ result: 0, label: 'yes', confidence: 0.9, scores: {} }]);
    },
  } as unknown as Predictor;
  const parts = {
    modelPackage: { manifest: { image: { size: SIZE }, text: { lengths: [12] } } },
    labels: [{ name: 'Ja', answer: 'yes', column: 1 }],
    observer: { answer: (answer: string) => counted.push(answer) },
    encode: (...texts: (string | undefined)[]) => {
      encoded.push(texts);
      return { ids: [1], warnings: [] };
    },
    batcher: {
      waiting,
      submit: (
        items: readonly { item: { pixels: Uint8Array; pictureKey: string | undefined } }[],
        signal: AbortSignal,
        report: (stage: Stage) => void = () => undefined,
      ) => {
        batches.push(items.length);
        const failing = onSubmit(signal, report);
        return items.map(({ item }) => {
          if (failing !== undefined) return failing;
          report({ name: 'inference', startMs: 0, endMs: run.ms, items: run.items });
          expect(item.pictureKey).toBeUndefined();
          const probability = item.pixels.includes(WHITE) ? 0.9 : 0.1;
          return Promise.resolve({ probabilities: Float32Array.of(0, probability), logScores: Float32Array.of(0, 0) });
        });
      },
    },
  } as unknown as PredictorParts;
  const explainer = new Explainer(predictor, parts, { engines: 1, maxWaiting: 4, ...options });
  const explain = (image: Uint8Array, more: Partial<ExplainRequest> = {}) =>
    explainer.explain({ image, hypothesis: 'a dot', signal: new AbortController().signal, ...more });
  return { explain, batches, asked, encoded, counted };
}

/** Has each look at the clock take so long. */
function tick(ms: number): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += ms));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a heatmap', () => {
  it('has its peak where the decisive part is', async () => {
    const { explain, batches, counted } = setup();
    const { answer, heatmap } = await explain(pictureWithDot(9, 9));
    expect(answer.label).toBe('yes');
    expect(peakOf(heatmap)).toEqual({ x: 4.5 / 8, y: 4.5 / 8 });
    expect(heatmap[4]?.[4]).toBeCloseTo(0.8);
    expect(heatmap[3]?.[4]).toBeCloseTo(0.4);
    expect(heatmap[7]?.[0]).toBeCloseTo(0);
    // A few at a time, so that other requests take their turns between them.
    expect(Math.max(...batches)).toBe(4);
    expect(batches.reduce((sum, count) => sum + count, 0)).toBe(WINDOWS);
    expect(counted).toEqual(['yes']);
  });

  it.each([0, 1, 7])('has a single peak also at the edge, in row and column %i', async (cell) => {
    const { heatmap } = await setup().explain(pictureWithDot(2 * cell, 2 * cell));
    expect(peakOf(heatmap)).toEqual({ x: (cell + 0.5) / 8, y: (cell + 0.5) / 8 });
    expect(heatmap.flat().filter((fall) => fall > 0.5)).toHaveLength(1);
  });

  it('withdraws its other windows when one fails', async () => {
    const failure = new EngineUnavailable('The engine failed.');
    const signals: AbortSignal[] = [];
    const { explain } = setup({}, 0, (signal) => {
      signals.push(signal);
      return Promise.reject(failure);
    });
    await expect(explain(pictureWithDot(0, 0))).rejects.toBe(failure);
    expect(signals.map(({ reason }) => reason as unknown)).toEqual([failure]);
  });

  it.each(['a photo', undefined])('is made for the same texts as the answer, with the premise %j', async (premise) => {
    const { explain, asked, encoded } = setup();
    await explain(pictureWithDot(0, 0), { premise });
    expect(asked).toEqual([['a dot']]);
    expect(encoded).toEqual([['a dot', premise]]);
  });

  it('ends when its client disconnects', async () => {
    const client = new AbortController();
    const gone = new Error('gone');
    const { explain, batches } = setup({}, 0, (signal) => {
      client.abort(gone);
      return Promise.reject(signal.reason as Error);
    });
    await expect(explain(pictureWithDot(0, 0), { signal: client.signal })).rejects.toBe(gone);
    expect(batches).toEqual([4]);
  });

  it('averages the four windows that cover each cell', () => {
    const falls = Array.from({ length: WINDOWS }, (_, window) => (window === 0 ? 1 : 0));
    const heatmap = heatmapOf(falls);
    expect(heatmap.map((row) => row.length)).toEqual([8, 8, 8, 8, 8, 8, 8, 8]);
    expect(heatmap[0]?.slice(0, 2)).toEqual([0.25, 0]);
    expect(heatmap[1]?.slice(0, 2)).toEqual([0, 0]);
  });

  it('is refused while another is made, or while requests wait', async () => {
    const { explain } = setup();
    const first = explain(pictureWithDot(0, 0));
    await expect(explain(pictureWithDot(0, 0))).rejects.toThrow(Overloaded);
    await first;
    await expect(explain(pictureWithDot(0, 0))).resolves.toMatchObject({ answer: { label: 'yes' } });
    await expect(setup({}, 4).explain(pictureWithDot(0, 0))).resolves.toMatchObject({ answer: { label: 'yes' } });
    await expect(setup({}, 5).explain(pictureWithDot(0, 0))).rejects.toThrow('too busy to explain');
  });

  it('is refused with the time that the latest one took', async () => {
    tick(100);
    const { explain } = setup();
    const refused = async (): Promise<unknown> => {
      const first = explain(pictureWithDot(0, 0));
      const second: unknown = await explain(pictureWithDot(0, 0)).catch((error: unknown) => error);
      await first;
      return second;
    };
    expect(await refused()).toMatchObject({ full: 'explanations', retryAfterSeconds: 1 });
    // 21 batches of 0.1 s.
    expect(await refused()).toMatchObject({ full: 'explanations', retryAfterSeconds: 3 });
  });

  it('is given up at once if it would take too long', async () => {
    tick(100);
    const { explain, batches, counted } = setup({ longestMs: 1500 });
    await expect(explain(pictureWithDot(0, 0))).rejects.toThrow(InputError);
    await expect(explain(pictureWithDot(0, 0))).rejects.toThrow(
      'would take about 3 s here, more than the limit of 1.5 s;',
    );
    expect(batches).toEqual([4, 4]);
    // Neither answer was given.
    expect(counted).toEqual([]);
    // Other requests do not make it any slower.
    await expect(setup({ longestMs: 1500 }, 1).explain(pictureWithDot(0, 0))).rejects.toThrow(InputError);
  });

  it.each([
    ['its windows wait for those of others', {}, { ms: 70, items: 4 }],
    ['its runs include items of others', {}, { ms: 100, items: 8 }],
    ['only one of two engines computes it', { engines: 2 }, { ms: 100, items: 4 }],
  ])('is refused for the moment if it takes too long because %s', async (_, engines, run) => {
    tick(100);
    const refused = setup({ longestMs: 1500, ...engines }, 0, undefined, run).explain(pictureWithDot(0, 0));
    // Not the 3 s that this one would take: none takes longer than allowed.
    await expect(refused).rejects.toMatchObject({ full: 'explanations', retryAfterSeconds: 2 });
  });

  it('is judged by the fastest of its runs', async () => {
    tick(10);
    const run = { ms: 100, items: 8 };
    let runs = 0;
    const { explain } = setup(
      { longestMs: 1500 },
      0,
      () => {
        // From the third on, others slow down the runs, and the windows wait for them.
        if (++runs === 3) tick(500);
        run.ms = runs < 3 ? 100 : 1000;
        return undefined;
      },
      run,
    );
    await expect(explain(pictureWithDot(0, 0))).rejects.toThrow(Overloaded);
  });

  it('is not judged by the time that the loss of an engine took', async () => {
    tick(100);
    let isFirst = true;
    const { explain } = setup({ longestMs: 1500 }, 0, (_, report) => {
      if (isFirst) report({ name: 'inference', startMs: 0, endMs: 1, failed: true });
      isFirst = false;
      return undefined;
    });
    await expect(explain(pictureWithDot(0, 0))).resolves.toMatchObject({ answer: { label: 'yes' } });
    // One whose engine is not lost is.
    await expect(explain(pictureWithDot(0, 0))).rejects.toThrow('would take about 3 s here');
  });
});

it('a window is filled with the mean colour, and the rest stays', () => {
  const pixels = pictureWithDot(15, 15);
  const fill = Uint8Array.of(1, 2, 3);
  const covered = coverWindow(pixels, SIZE, WINDOWS - 1, fill);
  // The last window has its lower right three quarters outside.
  expect(covered.filter((value, index) => value === pixels[index])).toHaveLength(SIZE * SIZE * 3 - 2 * 2 * 3);
  expect([...covered.slice(-3)]).toEqual([1, 2, 3]);
  expect([...meanColour(Uint8Array.of(0, 10, 20, 10, 20, 40))]).toEqual([5, 15, 30]);
});
