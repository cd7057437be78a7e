// Measures how fast /healthz answers while the engine computes. The service is a process of its own, as in production.
// usage: node bin/run.js bench/health-latency.ts [package] [requests]
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { printReport, quantile, table } from './support/format.ts';
import { withLargePackage } from './support/large-package.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

const POLL_MS = 20;
const PICTURE = new URL('../test/fixtures/images/size-1920x1080.jpg', import.meta.url);

async function predict(url: string, picture: Buffer, at: number): Promise<void> {
  const form = new FormData();
  form.append('image', new Blob([Uint8Array.from(picture)]));
  form.append('text', `there is a dog, number ${at}`);
  const response = await fetch(`${url}/predict`, { method: 'POST', body: form });
  if (!response.ok) throw new Error(`/predict answered ${response.status}: ${await response.text()}`);
}

/** Latencies of /healthz in ms, from the start of the first request to the answer of the last one. */
async function measure(url: string, requests: number): Promise<number[]> {
  const picture = await readFile(PICTURE);
  const work = { isDone: false };
  // Not Promise.all: a refused request must not end the measurement while others are open.
  const answers = Promise.allSettled(Array.from({ length: requests }, (_, at) => predict(url, picture, at))).finally(
    () => {
      work.isDone = true;
    },
  );
  const latencies: number[] = [];
  while (!work.isDone) {
    const startMs = performance.now();
    await (await fetch(`${url}/healthz`)).text();
    latencies.push(performance.now() - startMs);
    await sleep(POLL_MS);
  }
  const refused = (await answers).find((answer) => answer.status === 'rejected');
  if (refused) throw refused.reason;
  return latencies;
}

async function main(): Promise<void> {
  const [given, requests = '4'] = programArguments(2);
  const count = wholeNumber('requests', requests);
  await withLargePackage(given, async (folder) => {
    const service = await startServiceProcess({
      args: ['--model', folder],
      settings: { REQUEST_TIMEOUT_MS: '600000', ENGINE_TIMEOUT_MS: '600000', FEATURE_CACHE_MB: '0' },
    });
    try {
      const startMs = performance.now();
      const latencies = await measure(service.url, count);
      const seconds = (performance.now() - startMs) / 1000;
      const at = (share: number): string => `${quantile(latencies, share).toFixed(1)} ms`;
      printReport(
        table(
          ['requests to /healthz', 'median', '99 %', 'slowest'],
          [[String(latencies.length), at(0.5), at(0.99), at(1)]],
        ),
        `The engine computed for ${seconds.toFixed(1)} s, ${count} requests at once.`,
      );
    } finally {
      await service.stop();
    }
  });
}

await runProgram(main);
