// Records what Prometheus would scrape from the service while its clients are slow: 150 bodies stall, 50 come slowly,
// and one client in four asks for an answer within a millisecond. The alerts are tested with the recording.
// usage: node bin/run.js test/infra/monitoring/record-slow-bodies.ts [minutes]
import { setMaxListeners } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServiceProcess } from '../../../testing/service-process.ts';
import { METRICS } from '../../../service/contract.ts';
import { SCRAPE_SECONDS, STABLE, type Recording } from './alert-series.ts';

const STALLED = 150;
const SLOW = 50;
/** What a slow client sends each second: above the least rate, which is 1 KiB. */
const SLOW_BYTES = 1500;
const HONEST_PER_SECOND = 4;
const PICTURE = new URL('../../../demo/examples/3000001.jpg', import.meta.url);
const RECORDING = fileURLToPath(new URL('../../fixtures/recorded/slow-bodies.json', import.meta.url));
/** The metrics that alerts and scaling read, with the bounds of the latency that they use. */
const KEPT = new RegExp(
  `^(${[METRICS.requests, METRICS.queueItems, METRICS.inflightItems, METRICS.buildInfo].join('|')}|` +
    `${METRICS.requestLatency}_(count|bucket(?=.*le="(2.5|\\+Inf)")))[{ ]`,
);

/** Sends a body at a rate, and begins again whenever the service has closed the connection. */
function keepSending(url: URL, bytesPerSecond: number, ended: AbortSignal): void {
  const socket = connect(Number(url.port), url.hostname);
  socket.write('POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n');
  const timer = setInterval(() => {
    if (bytesPerSecond > 0 && socket.writable) socket.write(Buffer.alloc(bytesPerSecond, ' '));
  }, 1000);
  const onEnd = (): void => {
    socket.destroy();
  };
  ended.addEventListener('abort', onEnd);
  socket
    .resume()
    .on('error', () => undefined)
    .on('close', () => {
      clearInterval(timer);
      ended.removeEventListener('abort', onEnd);
      if (!ended.aborted) keepSending(url, bytesPerSecond, ended);
    });
}

async function ask(url: URL, image: string, number: number): Promise<void> {
  const headers = { 'content-type': 'application/json', ...(number % 4 === 0 ? { 'x-request-timeout-ms': '1' } : {}) };
  const body = JSON.stringify({ image, text: `There are ${number} circles.` });
  await (await fetch(new URL('/predict', url), { method: 'POST', headers, body })).text();
}

/** Adds a scrape: the values of the series that are kept, `_` where a series has not begun. */
function addScrape(series: Map<string, string[]>, text: string, scrapes: number): void {
  for (const line of text.split('\n').filter((each) => KEPT.test(each))) {
    const at = line.lastIndexOf(' ');
    const [name, labels = ''] = line.slice(0, at).replace('}', '').split('{');
    const key = `${name}{${[STABLE, ...(labels === '' ? [] : [labels])].join(',')}}`;
    const values = series.get(key) ?? Array.from({ length: scrapes }, () => '_');
    series.set(key, [...values, line.slice(at + 1)]);
  }
}

const [minutes = '15'] = process.argv.slice(2);
const image = (await readFile(PICTURE)).toString('base64');
const service = await startServiceProcess({ args: ['--demo'] });
const url = new URL(service.url);
const ended = new AbortController();
setMaxListeners(STALLED + SLOW, ended.signal);
let number = 0;
const honest = setInterval(() => void ask(url, image, number++), 1000 / HONEST_PER_SECOND);
for (let client = 0; client < STALLED; client++) keepSending(url, 0, ended.signal);
for (let client = 0; client < SLOW; client++) keepSending(url, SLOW_BYTES, ended.signal);
const series = new Map<string, string[]>();
const scrapes = (Number(minutes) * 60) / SCRAPE_SECONDS;
for (let scrape = 0; scrape < scrapes; scrape++) {
  addScrape(series, await (await fetch(`${service.adminUrl}/metrics`)).text(), scrape);
  await sleep(SCRAPE_SECONDS * 1000);
}
clearInterval(honest);
ended.abort();
await service.stop();
const recording: Recording = [...series].map(([name, values]) => ({ series: name, values: values.join(' ') }));
await writeFile(RECORDING, `${JSON.stringify(recording, null, 1)}\n`);
console.log(`${RECORDING} holds ${recording.length} series of ${scrapes} scrapes.`);
