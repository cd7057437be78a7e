// Measures how long 50 clients wait for answers while 200 others send their bodies slowly, compared with no others: the
// 99 % quantiles and their ratio, for /predict and /v2. Exits with 1 if one is refused or a ratio is above the target.
// usage: node bin/run.js bench/slow-bodies.ts [package] [rounds]
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { demoPackage } from '../demo/demo-package.ts';
import { printReport, quantile, table } from './support/format.ts';
import { startServiceProcess } from './support/service-process.ts';

const CLIENTS = 50;
const SLOW = 200;
/** What a slow client sends each second: above the least rate, which is 1 KiB. */
const SLOW_BYTES = 1500;
const MOST_RATIO = 2;
const TURNS = 3;
const PICTURE = new URL('../demo/examples/3000001.jpg', import.meta.url);

interface Target {
  readonly path: string;
  readonly body: (text: string) => string;
}

async function targets(url: string): Promise<Target[]> {
  const image = (await readFile(PICTURE)).toString('base64');
  const response = await fetch(`${url}/v2/repository/index`, { method: 'POST' });
  const [{ name } = { name: '' }] = (await response.json()) as { name: string }[];
  const tensor = (input: string, value: string) => ({ name: input, datatype: 'BYTES', shape: [1], data: [value] });
  return [
    { path: '/predict', body: (text) => JSON.stringify({ image, text }) },
    {
      path: `/v2/models/${name}/infer`,
      body: (text) => JSON.stringify({ inputs: [tensor('image', image), tensor('text', text)] }),
    },
  ];
}

/** Milliseconds of each answer to clients that ask one question after the other. */
async function latencies(url: string, { path, body }: Target, rounds: number): Promise<number[]> {
  const client = async (number: number): Promise<number[]> => {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: body(`There are ${number} red squares and ${round} circles.`),
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      await response.arrayBuffer();
      taken.push(performance.now() - startMs);
    }
    return taken;
  };
  return (await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))).flat();
}

/** Begins bodies that arrive slowly, and go on until the function that it returns is called. */
function sendSlowly(url: string, path: string): () => void {
  const { hostname, port } = new URL(url);
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n`;
  const sockets: Socket[] = Array.from({ length: SLOW }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.resume().write(head);
    return socket;
  });
  const piece = ' '.repeat(SLOW_BYTES);
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(piece);
  }, 1000);
  return () => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}

const [given, rounds = '10'] = process.argv.slice(2);
const service = await startServiceProcess({
  args: ['--model', given ?? (await demoPackage())],
  settings: { ENGINES: '1', FEATURE_CACHE_MB: '0' },
});
try {
  const rows: string[][] = [];
  for (const target of await targets(service.url)) {
    const times: Record<'alone' | 'beside', number[]> = { alone: [], beside: [] };
    // The first answers warm up the code.
    await latencies(service.url, target, 2);
    // In turn, so that a busy moment of the machine counts for both.
    for (let turn = 0; turn < TURNS; turn++) {
      times.alone.push(...(await latencies(service.url, target, Number(rounds))));
      const stop = sendSlowly(service.url, target.path);
      times.beside.push(...(await latencies(service.url, target, Number(rounds))));
      stop();
    }
    const [alone, beside] = [quantile(times.alone, 0.99), quantile(times.beside, 0.99)];
    const ratio = beside / alone;
    rows.push([target.path, `${alone.toFixed(0)} ms`, `${beside.toFixed(0)} ms`, ratio.toFixed(2)]);
    if (ratio > MOST_RATIO) process.exitCode = 1;
  }
  printReport(table(['path', 'p99 alone', `p99 beside ${SLOW} slow bodies`, 'ratio'], rows));
} finally {
  await service.stop();
}
