// Measures the load of the Kubernetes tutorial for OFA-large: 100 clients for five minutes. Then the same with requests
// that do not wait for answers.
// usage: node bin/run.js bench/tutorial-load.ts [--clients <number>] [--seconds <number>]
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { FORM_HEADERS, makePictures, nextForm, postForm, sendForms } from './load/form-clients.ts';
import { printReport, quantile, table } from './support/format.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

/** The rate of the open loop, as a share of the rate that the closed loop reached. */
const OPEN_SHARE = 0.8;
const WARM_UP_FORMS = 200;

const HELP = `usage: node bin/run.js bench/tutorial-load.ts [options]

Sends forms with pictures of 640x480, all different, to the demo model: first from clients that each send the next form
when the last is answered (closed loop, autocannon), then at random moments at ${100 * OPEN_SHARE} % of the rate that those reached, whether
or not earlier forms are answered (open loop). Exits with 1 if a form is not answered with 200.

  --clients <number>  clients of the closed loop (default: 100)
  --seconds <number>  length of each (default: 300)`;

/** What clients saw. */
interface Outcome {
  /** Milliseconds of each answer with status 200. */
  readonly latencies: readonly number[];
  readonly failed: number;
  readonly seconds: number;
}

async function closedLoop(
  url: string,
  pictures: readonly Buffer[],
  clients: number,
  seconds: number,
): Promise<Outcome> {
  const latencies: number[] = [];
  const options: autocannon.Options = {
    url: `${url}/predict`,
    connections: clients,
    duration: seconds,
    timeout: 60,
    requests: [
      {
        method: 'POST',
        headers: FORM_HEADERS,
        setupRequest: (request) => ({ ...request, body: nextForm(pictures) }),
      },
    ],
  };
  const { non2xx, errors, duration } = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error: Error | null, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
    run.on('response', (_client, status, _bytes, milliseconds) => {
      if (status === 200) latencies.push(milliseconds);
    });
  });
  // Timeouts are among the errors.
  return { latencies, failed: non2xx + errors, seconds: duration };
}

/**
 * Requests at the moments of a Poisson process. Latency counts from the moment at which a request is due, so that a late
 * sender does not hide a slow server. autocannon's fixed rate would send every second's requests at once.
 */
async function openLoop(url: string, pictures: readonly Buffer[], rate: number, seconds: number): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true });
  const latencies: number[] = [];
  let failed = 0;
  const send = async (due: number): Promise<void> => {
    const status = await postForm(url, agent, nextForm(pictures)).catch(() => 0);
    if (status === 200) latencies.push(performance.now() - due);
    else failed++;
  };
  const start = performance.now();
  const sent: Promise<void>[] = [];
  for (let due = start; due < start + seconds * 1000; due -= (Math.log(1 - Math.random()) / rate) * 1000) {
    await sleep(Math.max(0, due - performance.now()));
    sent.push(send(due));
  }
  await Promise.all(sent);
  agent.destroy();
  return { latencies, failed, seconds };
}

function row(name: string, { latencies, failed, seconds }: Outcome): string[] {
  const at = (share: number): string => `${quantile(latencies, share).toFixed(0)} ms`;
  const answered = latencies.length;
  return [
    name,
    String(answered + failed),
    String(failed),
    (answered / seconds).toFixed(1),
    at(0.5),
    at(0.95),
    at(0.99),
  ];
}

async function measure(clients: number, seconds: number): Promise<void> {
  const pictures = await makePictures();
  // One pod takes the clients that the tutorial spreads over several.
  const service = await startServiceProcess({ args: ['--demo'], settings: { MAX_QUEUE: String(2 * clients) } });
  try {
    await sendForms(service.url, pictures, clients, WARM_UP_FORMS);
    console.error('closed loop');
    const closed = await closedLoop(service.url, pictures, clients, seconds);
    const rate = (OPEN_SHARE * closed.latencies.length) / closed.seconds;
    console.error('open loop');
    const open = await openLoop(service.url, pictures, rate, seconds);
    printReport(
      table(
        ['load', 'requests', 'failed', 'answers/s', 'p50', 'p95', 'p99'],
        [row(`${clients} clients`, closed), row(`${rate.toFixed(1)} requests/s`, open)],
      ),
      `Each for ${seconds} s; clients and service share the processor. The first is a closed loop, the second an open one: ` +
        `it sends at random moments, at ${100 * OPEN_SHARE} % of the rate that the first reached. 0 failed requests are the target.`,
    );
    if (closed.failed + open.failed > 0) process.exitCode = 1;
  } finally {
    await service.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      clients: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '300' },
    },
  });
  await measure(wholeNumber('--clients', values.clients), wholeNumber('--seconds', values.seconds));
}

await runProgram(main, HELP);
