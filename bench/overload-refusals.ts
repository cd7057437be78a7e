// Measures refusals while requests come at five times the rate that can be served, each on a connection of its own and
// whether or not the others have been answered: how long they take, from connecting to the end of the answer, how many
// connections break, and how many requests are still answered. Exits with 1 if a connection breaks, if a request is
// neither answered nor refused with Retry-After, or if refusals take longer than the targets.
// usage: node bin/run.js bench/overload-refusals.ts [package] [seconds]
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoPackage } from '../demo/demo-package.ts';
import { percent, printReport, quantile, table } from './support/format.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

const OVERLOAD = 5;
/** As many requests as the service queues. */
const QUEUE = 32;
const MEASURE_MS = 3000;
const LAG_RESOLUTION_MS = 5;
const TARGET_MS = { median: 100, p99: 1000 };
const PICTURE = new URL('../demo/examples/3000001.jpg', import.meta.url);

/** How a request ended: `status` is 0 if its connection broke. */
interface Outcome {
  readonly status: number;
  readonly retryAfter: number;
  readonly ms: number;
}

const image = (await readFile(PICTURE)).toString('base64');
let questions = 0;

/** Asks something new, on a new connection. A plain socket: the clients run on the machine that they measure. */
function ask({ hostname, port }: URL): Promise<Outcome> {
  const body = JSON.stringify({ image, text: `There are ${++questions} red squares.` });
  const head =
    `POST /predict HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
  const startMs = performance.now();
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    let endMs = 0;
    socket.setEncoding('latin1').on('data', (text) => {
      answer += String(text);
      endMs = performance.now();
    });
    // What a broken connection has answered says whether it broke too early.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve({ ...parse(answer), ms: endMs - startMs });
    });
    socket.write(head + body);
  });
}

function parse(answer: string): Pick<Outcome, 'status' | 'retryAfter'> {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const numberIn = (pattern: RegExp): number => Number(pattern.exec(head)?.[1] ?? 0);
  const isWhole = body.length > 0 && body.length === numberIn(/^content-length: (\d+)/im);
  return {
    status: isWhole ? numberIn(/^HTTP\/1\.1 (\d+)/) : 0,
    retryAfter: numberIn(/^retry-after: (\d+)/im),
  };
}

/** Answers per second while as many clients ask as the service queues. */
async function servedRate(url: URL): Promise<number> {
  const endMs = performance.now() + MEASURE_MS;
  let answers = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) if ((await ask(url)).status === 200) answers++;
  };
  await Promise.all(Array.from({ length: QUEUE }, client));
  return (answers * 1000) / MEASURE_MS;
}

/** Processor time of this process, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Makes this process use a share of one processor, what its clients use included.
 *
 * @returns what ends it
 */
function useProcessor(share: number): () => void {
  const began = { cpu: cpuMs(), ms: performance.now() };
  const timer = setInterval(() => {
    while (cpuMs() - began.cpu < (performance.now() - began.ms) * share);
  }, 2);
  return () => {
    clearInterval(timer);
  };
}

/** Sends requests at a rate for so long. */
async function flood(url: URL, rate: number, seconds: number): Promise<Outcome[]> {
  const sent: Promise<Outcome>[] = [];
  const total = Math.round(rate * seconds);
  const startMs = performance.now();
  while (sent.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) * rate) / 1000));
    while (sent.length < due) sent.push(ask(url));
    await sleep(2);
  }
  return Promise.all(sent);
}

interface Flood {
  readonly outcomes: readonly Outcome[];
  readonly seconds: number;
  /** Share of a processor that the clients used. */
  readonly clientShare: number;
  /** 99 % quantile of how late the clients' timers were: so much of a latency may be their own. */
  readonly clientLagMs: number;
}

async function measureFlood(url: URL, rate: number, seconds: number): Promise<Flood> {
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  const began = { cpu: cpuMs(), ms: performance.now() };
  lag.enable();
  const outcomes = await flood(url, rate, seconds);
  lag.disable();
  const tookMs = performance.now() - began.ms;
  return {
    outcomes,
    seconds: tookMs / 1000,
    clientShare: (cpuMs() - began.cpu) / tookMs,
    clientLagMs: Math.max(0, lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS),
  };
}

function report({ outcomes, seconds, clientShare, clientLagMs }: Flood, rate: number, served: number): void {
  const refused = outcomes.filter(({ status, retryAfter }) => status === 429 && retryAfter > 0);
  const answered = outcomes.filter(({ status }) => status === 200);
  const broken = outcomes.filter(({ status }) => status === 0);
  const refusedMs = refused.map(({ ms }) => ms);
  const [median, p99] = [quantile(refusedMs, 0.5), quantile(refusedMs, 0.99)];
  const row = [
    served.toFixed(0),
    rate.toFixed(0),
    (answered.length / seconds).toFixed(0),
    percent(refused.length / outcomes.length, 0),
    `${median.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    String(broken.length),
  ];
  const headings = ['served/s alone', 'sent/s', 'answered/s', 'refused', 'median', '99 %', 'broken connections'];
  printReport(
    table(headings, [row]),
    `The clients run on the same machine. During the flood they used ${percent(clientShare, 0)} of a processor, and as much of it while the service was measured alone; their own delay was ${clientLagMs.toFixed(1)} ms (99 %).`,
    `The targets are ${TARGET_MS.median} ms (median) and ${TARGET_MS.p99} ms (99 %).`,
  );
  // NaN without refusals, when nothing was measured.
  const isMet = median <= TARGET_MS.median && p99 <= TARGET_MS.p99;
  if (!isMet || refused.length + answered.length < outcomes.length) process.exitCode = 1;
}

async function main(): Promise<void> {
  const [given, duration = '10'] = programArguments(2);
  const seconds = wholeNumber('seconds', duration);
  const service = await startServiceProcess({
    args: ['--model', given ?? (await demoPackage())],
    settings: { ENGINES: '1', MAX_QUEUE: String(QUEUE) },
  });
  try {
    const url = new URL(service.url);
    // The first answers warm up the code.
    await servedRate(url);
    const rate = OVERLOAD * (await servedRate(url));
    const measured = await measureFlood(url, rate, seconds);
    const stop = useProcessor(measured.clientShare);
    const served = await servedRate(url);
    stop();
    report(measured, rate, served);
  } finally {
    await service.stop();
  }
}

await runProgram(main);
