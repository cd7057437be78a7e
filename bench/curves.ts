// Measures latency and throughput against batch size, text length, concurrency and picture size, and draws them.
// usage: node bin/run.js bench/curves.ts [--package <folder>] [--forms <number>]
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { demoPackage } from '../demo/demo-package.ts';
import type { Manifest } from '../model/package/manifest.ts';
import { openPackage } from '../model/package/open-package.ts';
import { openSession, type EngineSession } from '../service/engine/session/session.ts';
import { makePictures, sendForms } from './load/form-clients.ts';
import { chart, type Panel } from './support/chart.ts';
import { printReport, quantile, table } from './support/format.ts';
import { fullBatch } from './support/full-batch.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

const BATCHES = [1, 2, 4, 8, 16];
const CLIENTS = [1, 2, 4, 8, 16, 32, 64];
/** Width and height of pictures. */
const SIZES = [
  [320, 240],
  [640, 480],
  [1280, 960],
  [2560, 1920],
] as const;
const PICTURE_CLIENTS = 16;
/** Runs of a batch. */
const RUNS = 20;
const CHARTS = new URL('../docs/benchmarks/', import.meta.url);

const HELP = `usage: node bin/run.js bench/curves.ts [options]

Measures an engine over batch sizes and text lengths, and the service over numbers of clients and sizes of pictures.
Prints the figures, and draws them into docs/benchmarks/.

  --package <folder>  a package (default: the demo model)
  --forms <number>    forms for each number of clients and each size (default: 400)`;

/** A measured point. */
interface Point {
  readonly x: number;
  readonly label?: string;
  /** Median. */
  readonly latencyMs: number;
  readonly perSecond: number;
}

/** What is varied, and what came of it. */
interface Curve {
  /** Names the chart's file. */
  readonly name: string;
  readonly title: string;
  readonly axis: string;
  readonly points: readonly Point[];
}

/** Median time of a run of `size` items of `length` tokens each, in milliseconds. */
async function runMs(session: EngineSession, manifest: Manifest, size: number, length: number): Promise<number> {
  const batch = fullBatch(manifest, size, length);
  const times: number[] = [];
  for (let run = -1; run < RUNS; run++) {
    const start = performance.now();
    await session.run(batch);
    // The first run of a shape is slower.
    if (run >= 0) times.push(performance.now() - start);
  }
  return quantile(times, 0.5);
}

async function engineCurves(folder: string): Promise<Curve[]> {
  const { dir, manifest } = await openPackage(folder);
  const threads = availableParallelism();
  const session = await openSession(dir, manifest, { device: 'cpu', threads, maxBatch: Math.max(...BATCHES) });
  const [shortest = 0] = manifest.text.lengths;
  const point = async (x: number, size: number, length: number): Promise<Point> => {
    const latencyMs = await runMs(session, manifest, size, length);
    return { x, latencyMs, perSecond: (size / latencyMs) * 1000 };
  };
  console.error('batch sizes and text lengths');
  const batches = await inTurn(BATCHES, (size) => point(size, size, shortest));
  const lengths = await inTurn(manifest.text.lengths, (length) => point(length, 1, length));
  return [
    { name: 'batch-size', title: 'Batch size', axis: `items in a run, ${shortest} tokens each`, points: batches },
    { name: 'text-length', title: 'Text length', axis: 'tokens, one item in a run', points: lengths },
  ];
}

async function serviceCurves(folder: string, forms: number): Promise<Curve[]> {
  const settings = { MAX_QUEUE: String(2 * Math.max(...CLIENTS)) };
  const service = await startServiceProcess({ args: ['--model', folder], settings });
  const { url } = service;
  const point = async (x: number, clients: number, pictures: readonly Buffer[]): Promise<Point> => {
    await sendForms(url, pictures, clients, clients);
    const { seconds, latencies } = await sendForms(url, pictures, clients, forms);
    return { x, latencyMs: quantile(latencies, 0.5), perSecond: forms / seconds };
  };
  try {
    const pictures = await makePictures();
    await sendForms(url, pictures, PICTURE_CLIENTS, forms);
    console.error('numbers of clients');
    const clients = await inTurn(CLIENTS, (count) => point(count, count, pictures));
    console.error('sizes of pictures');
    const sizes = await inTurn(SIZES, async ([width, height]) => ({
      ...(await point(width * height, PICTURE_CLIENTS, await makePictures(width, height))),
      label: `${width}x${height}`,
    }));
    return [
      { name: 'concurrency', title: 'Concurrency', axis: 'clients, pictures of 640x480', points: clients },
      { name: 'picture-size', title: 'Picture size', axis: `pixels, ${PICTURE_CLIENTS} clients`, points: sizes },
    ];
  } finally {
    await service.stop();
  }
}

/** Measures one value after another. */
async function inTurn<Value>(values: readonly Value[], measure: (value: Value) => Promise<Point>): Promise<Point[]> {
  const points: Point[] = [];
  for (const value of values) points.push(await measure(value));
  return points;
}

/** Draws a curve. @returns its picture and table in Markdown */
async function present({ name, title, axis, points }: Curve): Promise<string> {
  const panel = (heading: string, y: (point: Point) => number): Panel => ({
    title: heading,
    axis,
    points: points.map((point) => ({ ...point, y: y(point) })),
  });
  const panels = [
    panel('median latency, ms', ({ latencyMs }) => latencyMs),
    panel('answers a second', ({ perSecond }) => perSecond),
  ];
  await writeFile(new URL(`${name}.svg`, CHARTS), chart(`Latency and throughput by ${title.toLowerCase()}`, panels));
  const rows = points.map(({ x, label, latencyMs, perSecond }) => [
    label ?? String(x),
    `${latencyMs.toFixed(1)} ms`,
    perSecond.toFixed(1),
  ]);
  return `### ${title}\n\n![${title}](benchmarks/${name}.svg)\n\n${table([axis, 'median latency', 'answers/s'], rows)}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      package: { type: 'string' },
      forms: { type: 'string', default: '400' },
    },
  });
  const forms = wholeNumber('--forms', values.forms);
  const folder = values.package ?? (await demoPackage());
  const curves = [...(await engineCurves(folder)), ...(await serviceCurves(folder, forms))];
  await mkdir(CHARTS, { recursive: true });
  printReport(...(await Promise.all(curves.map(present))));
}

await runProgram(main, HELP);
