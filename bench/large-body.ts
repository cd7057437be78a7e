/**
 * How fast /livez answers while large bodies arrive.
 *
 *   node bin/run.js bench/large-body.ts <package-folder> [bodies]
 *
 * The service runs in a process of its own, as it does in production, and so does the client that sends the bodies:
 * one after the other, an image of 33 MB in each. The first line is the service at rest, by which the others are to be
 * judged.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const POLL_MS = 5;
const REST_MS = 3000;
const START_MS = 600_000;
const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));
/** Uncompressed, 3 bytes a pixel. */
const SIDE = { width: 4000, height: 2750 } as const;

interface Body {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const KINDS = {
  'JSON, base64': (image) => ({
    path: '/predict',
    headers: { 'content-type': 'application/json' },
    bytes: Buffer.from(JSON.stringify({ text: 'there are circles', image: image.toString('base64') })),
  }),
  form: (image) => ({
    path: '/predict',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    bytes: Buffer.concat([
      Buffer.from('--b\r\ncontent-disposition: form-data; name="text"\r\n\r\nthere are circles\r\n'),
      Buffer.from('--b\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n'),
      image,
      Buffer.from('\r\n--b--\r\n'),
    ]),
  }),
  'Open Inference, base64': (image) => ({
    path: '/v2/models/ofa-demo/infer',
    headers: { 'content-type': 'application/json' },
    bytes: Buffer.from(
      JSON.stringify({
        inputs: [
          { name: 'text', shape: [1], datatype: 'BYTES', data: ['there are circles'] },
          { name: 'image', shape: [1], datatype: 'BYTES', data: [image.toString('base64')] },
        ],
      }),
    ),
  }),
  'JSON without an end to its numbers': () => ({
    path: '/predict',
    headers: { 'content-type': 'application/json' },
    bytes: Buffer.from(`{"texts":[${'1,'.repeat(22e6)}1]}`),
  }),
} as const satisfies Record<string, (image: Buffer) => Body>;
type Kind = keyof typeof KINDS;

async function send(base: string, { path, headers, bytes }: Body): Promise<number> {
  const sent = request(base + path, {
    method: 'POST',
    headers: { ...headers, 'content-length': bytes.length },
  });
  // The rest of a body that is refused may find its connection closed.
  sent.on('error', () => undefined);
  sent.end(bytes);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

/** The client's process: makes the bodies, tells that it is about to send, sends, and tells the statuses. */
async function client(base: string, kind: Kind, bodies: number): Promise<void> {
  const image = await sharp({ create: { ...SIDE, channels: 3, background: 'navy' } })
    .tiff({ compression: 'none' })
    .toBuffer();
  const body = KINDS[kind](image);
  process.send?.('ready');
  await once(process, 'message');
  const statuses: number[] = [];
  for (let i = 0; i < bodies; i++) statuses.push(await send(base, body));
  process.send?.({ statuses, megabytes: body.bytes.length / 1e6 });
  process.disconnect();
}

/** Latencies of /livez in ms until `done`. */
async function poll(base: string, done: Promise<unknown>): Promise<number[]> {
  const state = { open: true };
  const end = done.finally(() => {
    state.open = false;
  });
  const latencies: number[] = [];
  while (state.open) {
    const start = performance.now();
    await (await fetch(`${base}/livez`)).text();
    latencies.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  await end;
  return latencies.sort((a, b) => a - b);
}

function figures(latencies: readonly number[]): string {
  const at = (share: number): string =>
    (latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN).toFixed(1);
  return `/livez ${latencies.length} times; median ${at(0.5)} ms, 99 % ${at(0.99)} ms, longest ${at(1)} ms`;
}

async function measure(base: string, kind: Kind, bodies: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['--client', base, kind, String(bodies)]);
  await once(child, 'message');
  const finished = once(child, 'message') as Promise<[{ statuses: number[]; megabytes: number }]>;
  child.send('go');
  const latencies = await poll(base, finished);
  const [{ statuses, megabytes }] = await finished;
  const answers = [...new Set(statuses)].join(', ');
  console.log(
    `${kind}, ${bodies} of ${megabytes.toFixed(0)} MB (answered ${answers}): ${figures(latencies)}`,
  );
}

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
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('The service did not become ready.');
}

async function main(packageFolder: string, bodies: number): Promise<void> {
  const port = await freePort();
  const service = spawn(process.execPath, [PROGRAM, 'serve', '--model', packageFolder], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      ADMIN_PORT: '0',
      DRAIN_DELAY_MS: '0',
      ENGINE_THREADS: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const base = `http://127.0.0.1:${port}`;
    await whenReady(base);
    console.log(`machine: ${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads`);
    const rest = new Promise((resolve) => setTimeout(resolve, REST_MS));
    console.log(`at rest: ${figures(await poll(base, rest))}`);
    for (const kind of Object.keys(KINDS) as Kind[]) await measure(base, kind, bodies);
  } finally {
    service.kill('SIGTERM');
    await once(service, 'exit');
  }
}

// The process of the client starts here, too.
const [first, second, third, fourth] = process.argv.slice(2);
if (first === '--client') {
  await client(second ?? '', third as Kind, Number(fourth));
} else if (first === undefined) {
  console.error('Give the folder of a model package.');
  process.exit(2);
} else {
  await main(first, Number(second ?? 10));
}
