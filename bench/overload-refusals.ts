// Measures refusals while requests come at five times the rate that can be served, each on a connection of its own and
// whether or not the others have been answered: how long they take, and how many connections break. Exits with 1 if one
// breaks, or a request is neither answered nor refused with Retry-After.
// usage: node bin/run.js bench/overload-refusals.ts [package] [seconds]
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoPackage } from '../demo/demo-package.ts';
import { printReport, quantile, table } from './support/format.ts';
import { startServiceProcess } from './support/service-process.ts';

const OVERLOAD = 5;
/** Keep the engine busy while its rate is measured. */
const CLIENTS = 16;
const MEASURE_MS = 3000;
const PICTURE = new URL('../demo/examples/3000001.jpg', import.meta.url);

/** How a request ended: `status` is 0 if its connection broke. */
interface Outcome {
  readonly status: number;
  readonly retryAfter: number;
  readonly ms: number;
}

const image = (await readFile(PICTURE)).toString('base64');
let questions = 0;

/** Asks something new, on a new connection. */
function ask(url: string): Promise<Outcome> {
  const body = JSON.stringify({ image, text: `There are ${++questions} red squares.` });
  const startMs = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, retryAfter = 0): void => {
      resolve({ status, retryAfter, ms: performance.now() - startMs });
    };
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(`${url}/predict`, { method: 'POST', agent: new Agent(), headers });
    sent.on('error', () => {
      end(0);
    });
    sent.on('response', (response) => {
      response.resume().on('close', () => {
        end(response.complete ? (response.statusCode ?? 0) : 0, Number(response.headers['retry-after'] ?? 0));
      });
    });
    sent.end(body);
  });
}

/** Answers per second while the engine is busy. */
async function servedRate(url: string): Promise<number> {
  const endMs = performance.now() + MEASURE_MS;
  let answers = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) if ((await ask(url)).status === 200) answers++;
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (answers * 1000) / MEASURE_MS;
}

/** Sends requests at a rate for so long. */
async function flood(url: string, rate: number, seconds: number): Promise<Outcome[]> {
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

const [given, seconds = '10'] = process.argv.slice(2);
const service = await startServiceProcess({
  args: ['--model', given ?? (await demoPackage())],
  settings: { ENGINES: '1', MAX_QUEUE: '32' },
});
try {
  // The first answers warm up the code.
  await servedRate(service.url);
  const served = await servedRate(service.url);
  const outcomes = await flood(service.url, OVERLOAD * served, Number(seconds));
  const refused = outcomes.filter(({ status, retryAfter }) => status === 429 && retryAfter > 0);
  const answered = outcomes.filter(({ status }) => status === 200);
  const broken = outcomes.filter(({ status }) => status === 0);
  const ms = refused.map((outcome) => outcome.ms);
  const row = [
    served.toFixed(0),
    (OVERLOAD * served).toFixed(0),
    (answered.length / Number(seconds)).toFixed(0),
    `${((100 * refused.length) / outcomes.length).toFixed(0)} %`,
    `${quantile(ms, 0.5).toFixed(1)} ms`,
    `${quantile(ms, 0.99).toFixed(1)} ms`,
    String(broken.length),
  ];
  const headings = ['served/s alone', 'sent/s', 'answered/s', 'refused', 'median', '99 %', 'broken connections'];
  printReport(table(headings, [row]));
  if (refused.length + answered.length < outcomes.length) process.exitCode = 1;
} finally {
  await service.stop();
}
