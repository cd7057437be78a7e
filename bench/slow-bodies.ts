// Measures how long 50 clients wait for answers while 200 others send their bodies slowly, compared with no others: the
// 99 % quantiles and their ratio, for /predict, /v2 and gRPC. Exits with 1 if one is refused or a ratio is above the
// target.
// usage: node bin/run.js bench/slow-bodies.ts [package] [rounds]
import { readFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Client } from '@grpc/grpc-js';
import { demoPackage } from '../demo/demo-package.ts';
import { printReport, quantile, table } from './support/format.ts';
import { askGrpc, grpcClient, raw } from './support/grpc-inference.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess, type ServiceProcess } from '../testing/service-process.ts';

const CLIENTS = 50;
const SLOW = 200;
/** Streams of one HTTP/2 connection: fewer than the service allows. */
const STREAMS = 50;
/** What a slow client sends each second: above the least rate, which is 1 KiB. */
const SLOW_BYTES = 1500;
const SLOW_BODY_BYTES = 1_000_000;
const MOST_RATIO = 2;
const TURNS = 3;
const PICTURE = new URL('../demo/examples/3000001.jpg', import.meta.url);

/** A way to ask. */
interface Target {
  readonly name: string;
  /** @throws Error if it is refused */
  readonly ask: (text: string) => Promise<void>;
  /** Begins the bodies of slow clients. */
  readonly sendSlowly: () => SlowBodies;
}

/** The bodies of slow clients. */
interface SlowBodies {
  /** Sends a piece of each. */
  readonly next: (piece: Buffer) => void;
  /** How many the service still takes. */
  readonly open: () => number;
  readonly stop: () => void;
}

async function targets({ url, grpcAddress }: ServiceProcess, client: Client, image: Buffer): Promise<Target[]> {
  const base64 = image.toString('base64');
  const response = await fetch(`${url}/v2/repository/index`, { method: 'POST' });
  const [{ name } = { name: '' }] = (await response.json()) as { name: string }[];
  const tensor = (input: string, value: string) => ({ name: input, datatype: 'BYTES', shape: [1], data: [value] });
  return [
    rest(url, '/predict', (text) => ({ image: base64, text })),
    rest(url, `/v2/models/${name}/infer`, (text) => ({ inputs: [tensor('image', base64), tensor('text', text)] })),
    {
      name: 'gRPC ModelInfer',
      ask: (text) => askGrpc(client, [raw(image), raw(Buffer.from(text))])(),
      sendSlowly: () => slowStreams(`http://${grpcAddress}`),
    },
  ];
}

function rest(url: string, path: string, body: (text: string) => object): Target {
  return {
    name: path,
    ask: async (text) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body(text)) });
      const answer = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${answer}`);
    },
    sendSlowly: () => slowUploads(url, path),
  };
}

function slowUploads(url: string, path: string): SlowBodies {
  const { hostname, port } = new URL(url);
  const head =
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n` +
    `content-length: ${SLOW_BODY_BYTES}\r\n\r\n`;
  const sockets = Array.from({ length: SLOW }, () => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.resume().write(head);
    return socket;
  });
  return {
    next: (piece) => {
      for (const socket of sockets) if (socket.writable) socket.write(piece);
    },
    open: () => sockets.filter((socket) => socket.readable && socket.writable).length,
    stop: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function slowStreams(address: string): SlowBodies {
  const sessions = Array.from({ length: SLOW / STREAMS }, () => connectHttp2(address).on('error', () => undefined));
  // A message begins with a byte that says whether it is compressed, and its length.
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(SLOW_BODY_BYTES, 1);
  const streams = sessions.flatMap((session) =>
    Array.from({ length: STREAMS }, () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/inference.GRPCInferenceService/ModelInfer',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', () => undefined);
      stream.resume().write(prefix);
      return stream;
    }),
  );
  return {
    next: (piece) => {
      for (const stream of streams) if (stream.writable) stream.write(piece);
    },
    open: () => streams.filter((stream) => !stream.closed && stream.writable).length,
    stop: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

/** Milliseconds of each answer to clients that ask one question after the other. */
async function latencies({ ask }: Target, rounds: number): Promise<number[]> {
  const client = async (number: number): Promise<number[]> => {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now();
      await ask(`There are ${number} red squares and ${round} circles.`);
      taken.push(performance.now() - startMs);
    }
    return taken;
  };
  return (await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))).flat();
}

/**
 * As {@link latencies}, while slow clients send a piece of their bodies each second.
 *
 * @throws Error if the service has ended bodies meanwhile: then fewer were beside the answers than is said
 */
async function latenciesBeside(target: Target, rounds: number): Promise<number[]> {
  const { next, open, stop } = target.sendSlowly();
  const piece = Buffer.alloc(SLOW_BYTES, ' ');
  const timer = setInterval(next, 1000, piece);
  try {
    const times = await latencies(target, rounds);
    if (open() < SLOW) {
      throw new Error(`${target.name}: ${SLOW - open()} of ${SLOW} slow bodies ended too early; give fewer rounds.`);
    }
    return times;
  } finally {
    clearInterval(timer);
    stop();
  }
}

async function main(): Promise<void> {
  const [given, number = '10'] = programArguments(2);
  const rounds = wholeNumber('rounds', number);
  const service = await startServiceProcess({
    args: ['--model', given ?? (await demoPackage())],
    settings: { ENGINES: '1', FEATURE_CACHE_MB: '0' },
  });
  const client = grpcClient(service.grpcAddress);
  try {
    const rows: string[][] = [];
    for (const target of await targets(service, client, await readFile(PICTURE))) {
      const times: Record<'alone' | 'beside', number[]> = { alone: [], beside: [] };
      // The first answers warm up the code.
      await latencies(target, 2);
      // In turn, so that a busy moment of the machine counts for both.
      for (let turn = 0; turn < TURNS; turn++) {
        times.alone.push(...(await latencies(target, rounds)));
        times.beside.push(...(await latenciesBeside(target, rounds)));
      }
      const [alone, beside] = [quantile(times.alone, 0.99), quantile(times.beside, 0.99)];
      const ratio = beside / alone;
      rows.push([target.name, `${alone.toFixed(0)} ms`, `${beside.toFixed(0)} ms`, ratio.toFixed(2)]);
      if (!(ratio <= MOST_RATIO)) process.exitCode = 1;
    }
    printReport(
      table([`${CLIENTS} clients of`, 'p99 alone', `p99 beside ${SLOW} slow bodies`, 'ratio'], rows),
      `The target of the ratio is ${MOST_RATIO}.`,
    );
  } finally {
    client.close();
    await service.stop();
  }
}

await runProgram(main);
