/**
 * How fast /healthz answers while the engine computes.
 *
 *   node bin/run.js bench/health-latency.ts <package-folder> [requests]
 *
 * The service runs in a process of its own, as it does in production.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const POLL_MS = 20;
const START_MS = 600_000;
const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));
const PICTURE = new URL('../test/fixtures/images/size-1920x1080.jpg', import.meta.url);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}

async function whenReady(base: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    const response = await fetch(`${base}/healthz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error('The service did not become ready.');
}

async function predict(base: string, picture: Buffer, at: number): Promise<void> {
  const form = new FormData();
  form.append('image', new Blob([Uint8Array.from(picture)]));
  form.append('text', `there is a dog, number ${at}`);
  const response = await fetch(`${base}/predict`, { method: 'POST', body: form });
  if (!response.ok) throw new Error(`/predict answered ${response.status}: ${await response.text()}`);
}

/** Latencies of /healthz in ms, from the first request's start to the last one's answer. */
async function measure(base: string, requests: number): Promise<number[]> {
  const picture = await readFile(PICTURE);
  const work = { open: true };
  // Settled, so that a refusal waits for its turn to be thrown and the service is stopped all the same.
  const answers = Promise.allSettled(
    Array.from({ length: requests }, (_, at) => predict(base, picture, at)),
  ).finally(() => {
    work.open = false;
  });
  const latencies: number[] = [];
  while (work.open) {
    const start = performance.now();
    await (await fetch(`${base}/healthz`)).text();
    latencies.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const refused = (await answers).find((answer) => answer.status === 'rejected');
  if (refused) throw refused.reason;
  return latencies.sort((a, b) => a - b);
}

const [packageFolder, requests = '4'] = process.argv.slice(2);
if (packageFolder === undefined) {
  console.error('Give the folder of a model package.');
  process.exit(2);
}
const port = await freePort();
const service = spawn(process.execPath, [PROGRAM, 'serve', '--model', packageFolder], {
  env: {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    ADMIN_PORT: '0',
    DRAIN_DELAY_MS: '0',
    REQUEST_TIMEOUT_MS: '600000',
    ENGINE_TIMEOUT_MS: '600000',
  },
  stdio: ['ignore', 'ignore', 'inherit'],
});
try {
  const base = `http://127.0.0.1:${port}`;
  await whenReady(base);
  const started = performance.now();
  const latencies = await measure(base, Number(requests));
  const seconds = (performance.now() - started) / 1000;
  const at = (share: number): string =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN).toFixed(1);
  console.log(`machine:  ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`);
  console.log(`busy for: ${seconds.toFixed(1)} s with ${requests} requests at once`);
  console.log(
    `/healthz: ${latencies.length} times; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`,
  );
} finally {
  service.kill('SIGTERM');
  await once(service, 'exit');
}
