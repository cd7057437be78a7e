import { expect, it } from 'vitest';
import { ModelStatistics } from '../../../service/open-inference/statistics.ts';

const MODEL = { name: 'fake', precision: 'fp32', digest: '0123456789ab', labels: ['yes'], imageSize: 64 } as const;
const NONE = { count: 0, ns: 0 };

it('has the shape of Triton before the first request', () => {
  expect(new ModelStatistics().of(MODEL)).toEqual({
    name: 'fake',
    version: '1',
    last_inference: 0,
    inference_count: 0,
    execution_count: 0,
    inference_stats: {
      success: NONE,
      fail: NONE,
      queue: NONE,
      compute_input: NONE,
      compute_infer: NONE,
      compute_output: NONE,
      cache_hit: NONE,
      cache_miss: NONE,
    },
    batch_stats: [],
  });
});

it('counts requests, stages and runs, but no stage or run that failed', () => {
  const statistics = new ModelStatistics();
  for (const failed of [{}, { failed: true } as const]) {
    for (const name of ['read', 'tokenize', 'preprocess', 'queue', 'inference'] as const) {
      statistics.stage({ name, startMs: 1, endMs: 3, ...failed });
    }
  }
  for (const [items, failed] of [
    [4, false],
    [1, false],
    [4, false],
    [8, true],
  ] as const) {
    statistics.batch({ startMs: 0, endMs: 0.5, items, pictures: 1, length: 12, failed, requests: [] });
  }
  statistics.request(true, 7);
  statistics.request(false, 9);
  const before = Date.now();
  const { last_inference: last, batch_stats: runs, ...counted } = statistics.of(MODEL);
  expect(last).toBeGreaterThan(before - 10_000);
  expect(counted).toMatchObject({
    inference_count: 9,
    execution_count: 3,
    inference_stats: {
      success: { count: 1, ns: 7_000_000 },
      fail: { count: 1, ns: 9_000_000 },
      queue: { count: 1, ns: 2_000_000 },
      compute_input: { count: 1, ns: 4_000_000 },
      compute_infer: { count: 1, ns: 2_000_000 },
    },
  });
  expect(runs).toEqual([
    { batch_size: 1, compute_input: NONE, compute_infer: { count: 1, ns: 500_000 }, compute_output: NONE },
    { batch_size: 4, compute_input: NONE, compute_infer: { count: 2, ns: 1_000_000 }, compute_output: NONE },
  ]);
});
