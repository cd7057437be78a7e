import { Histogram, type Registry } from 'prom-client';
import { LATENCY_BUCKETS_SECONDS, METRICS } from '../contract.ts';

const INTERVAL_MS = 20;
/** Timers have a resolution of a millisecond, so that even an idle event loop is that late. */
const BUCKETS = [0.001, 0.0025, ...LATENCY_BUCKETS_SECONDS];

/**
 * Measures by how much timers fire late. The histogram is cumulative, so that several scrapers can read it.
 *
 * @returns stops measuring
 */
export function watchEventLoop(registry: Registry): () => void {
  const histogram = new Histogram({
    name: METRICS.eventLoopDelay,
    help: `Delay of the service's event loop, sampled every ${INTERVAL_MS} ms.`,
    buckets: BUCKETS,
    registers: [registry],
  });
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    histogram.observe(Math.max(0, nowMs - lastMs - INTERVAL_MS) / 1000);
    lastMs = nowMs;
  }, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
