import { Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { LATENCY_BUCKETS_SECONDS, METRICS } from '../contract.ts';

const INTERVAL_MS = 20;
/** A free event loop is late by a millisecond: timers are no finer. */
const BUCKETS = [0.001, 0.0025, ...LATENCY_BUCKETS_SECONDS];

/**
 * Measures how late the event loop comes to what is due. Nothing is reset when it is read: scrapers do not take each
 * other's readings.
 *
 * @returns ends the measuring
 */
export function watchEventLoop(registry: Registry): () => void {
  const histogram = new Histogram({
    name: METRICS.eventLoopDelay,
    help: `Delay of the service's event loop, asked for every ${INTERVAL_MS} ms.`,
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
