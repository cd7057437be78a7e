// Compares the rates of batch runs over each kind of input with that of their engine alone, and the memory of a short
// run (of a tenth of the rows) and a long one.
// usage: node bin/run.js bench/batch.ts [rows] [rows of the long run]
import { setMaxListeners } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteFile } from 'hyparquet-writer';
import { DEFAULT_NAMES } from '../batch/input/columns.ts';
import { runBatch } from '../batch/run.ts';
import { demoPackage } from '../demo/demo-package.ts';
import { readExamples } from '../demo/examples.ts';
import { encodePrompt } from '../model/input/tokens.ts';
import { paddedLength } from '../model/package/padded-length.ts';
import type { InferenceObserver } from '../service/inference/observer.ts';
import { openModel, type OpenModel } from '../service/inference/open-model.ts';
import { readSettings } from '../service/settings/read.ts';
import { writeTar } from '../testing/tars.ts';
import { mebibytes, printReport, table } from './support/format.ts';
import { runChild } from './support/measure-child.ts';
import { programArguments, runProgram, wholeNumber } from './support/run-program.ts';

/** Smallest share of the engine's own rate that a run may have, and of the time in which the engine computes. */
const TARGET = 0.95;
/** Rows that the engine alone computes. Their pixels are in memory at once. */
const ENGINE_ROWS = 2000;
/** Most memory of the long run, as a multiple of the short one's. */
const MEMORY_TARGET = 1.1;

const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));

interface Row {
  readonly image: string;
  readonly text: string;
}

/** Rows that go through the example pictures and their sentences. */
async function exampleRows(count: number): Promise<Row[]> {
  const examples = await readExamples();
  const pairs = examples.flatMap(({ file, sentences }) =>
    sentences.map(({ hypothesis }) => ({ image: file, text: hypothesis })),
  );
  return Array.from({ length: count }, (_, row) => pairs[row % pairs.length] ?? { image: '', text: '' });
}

async function writeRows(file: string, rows: readonly Row[]): Promise<void> {
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Rows per second of the engine, which gets all of them decoded and encoded at once. */
async function engineRate(
  { modelPackage, predictor, batcher, tokenizer }: OpenModel,
  rows: readonly Row[],
): Promise<number> {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const { text } = modelPackage.manifest;
  const pictures = new Map<string, Uint8Array>();
  for (const image of new Set(rows.map((row) => row.image))) {
    pictures.set(image, await predictor.preprocess(await readFile(image), signal));
  }
  const items = rows.map((row, index) => {
    const inputIds = encodePrompt(tokenizer, text, row.text, undefined).ids;
    const pixels = Uint8Array.from(pictures.get(row.image) ?? []);
    const item = { pixels, pictureKey: String(index), inputIds, observer: undefined };
    return { item, length: paddedLength(text.lengths, inputIds.length) };
  });
  const start = performance.now();
  await Promise.all(batcher.submit(items, signal));
  return (1000 * rows.length) / (performance.now() - start);
}

/** Writes the rows in each format that has its own way to the pictures. @returns the inputs by what they are */
async function writeInputs(folder: string, rows: readonly Row[]): Promise<Map<string, string>> {
  const named = (ending: string): string => path.join(folder, `rows.${ending}`);
  const [csv, parquet, tar] = [named('csv'), named('parquet'), named('tar')];
  await writeFile(csv, ['image,text\n', ...rows.map(({ image, text }) => `${image},"${text}"\n`)].join(''));
  parquetWriteFile({
    filename: parquet,
    columnData: [
      { name: 'image', data: rows.map(({ image }) => image), type: 'STRING' },
      { name: 'text', data: rows.map(({ text }) => text), type: 'STRING' },
    ],
  });
  await writeSamples(tar, rows);
  return new Map([
    ['CSV', csv],
    ['Parquet', parquet],
    ['WebDataset', tar],
  ]);
}

/** Writes a WebDataset with the picture and the text of each row. */
async function writeSamples(file: string, rows: readonly Row[]): Promise<void> {
  const pictures = new Map<string, Buffer>();
  const members: Record<string, Uint8Array | string> = {};
  for (const [number, { image, text }] of rows.entries()) {
    const picture = pictures.get(image) ?? (await readFile(image));
    pictures.set(image, picture);
    members[`${number}${path.extname(image)}`] = picture;
    members[`${number}.txt`] = text;
  }
  writeTar(file, members);
}

async function compareRates(folder: string, rows: readonly Row[]): Promise<void> {
  // Every row is computed: neither features nor answers are kept. One core is the run's, as all are beside a GPU.
  const threads = String(Math.max(1, availableParallelism() - 1));
  const settings = readSettings({ ENGINE_THREADS: threads, ...process.env, FEATURE_CACHE_MB: '0' });
  const engine = { busyMs: 0 };
  const observer: InferenceObserver = {
    batch: ({ startMs, endMs }) => (engine.busyMs += endMs - startMs),
    stage: () => undefined,
    answer: () => undefined,
    lookups: () => undefined,
  };
  const model = await openModel(await demoPackage(), settings, { observer });
  try {
    await model.failFast(model.pool.whenReady());
    const alone: number[] = [await engineRate(model, rows.slice(0, ENGINE_ROWS))];
    const lines: string[][] = [];
    for (const [name, input] of await writeInputs(folder, rows)) {
      engine.busyMs = 0;
      const processor = process.cpuUsage();
      const { computed, seconds } = await runBatch({
        model,
        settings,
        source: { input, format: undefined, images: undefined, allowOutside: true },
        names: DEFAULT_NAMES,
        texts: [],
        output: path.join(folder, `out-${name}`),
        hosts: [],
        partRows: 10_000,
        signal: new AbortController().signal,
      });
      const { user, system } = process.cpuUsage(processor);
      const { busyMs } = engine;
      alone.push(await engineRate(model, rows.slice(0, ENGINE_ROWS)));
      const own = alone.slice(-2).reduce((sum, rate) => sum + rate, 0) / 2;
      const rate = computed / seconds;
      const busy = busyMs / 1000 / seconds / model.pool.engines.length;
      const left = 1 - (user + system) / 1e6 / seconds / availableParallelism();
      lines.push([name, rate.toFixed(1), own.toFixed(1), (rate / own).toFixed(3), busy.toFixed(3), left.toFixed(3)]);
      if (!(Math.min(rate / own, busy) >= TARGET)) process.exitCode = 1;
    }
    printReport(
      table(['input', 'rows/s', 'engine alone', 'ratio', 'engine busy', 'cores left'], lines),
      `The demo model on ${rows.length} rows, with an engine of ${settings.ENGINE_THREADS} thread(s). "engine busy" is the share of the time in which the
engine computes, "cores left" that of the processor time which reading, decoding and writing leave to it. The target of
the ratio and of "engine busy" is ${TARGET}.`,
    );
  } finally {
    await model.close();
  }
}

async function compareMemory(folder: string, counts: readonly number[]): Promise<void> {
  const peaks: number[] = [];
  for (const count of counts) {
    const input = path.join(folder, `${count}.jsonl`);
    await writeRows(input, await exampleRows(count));
    const output = path.join(folder, `out-${count}`);
    const { peakBytes = NaN } = await runChild(PROGRAM, [
      ...['batch', '--demo', '--input', input, '--output', output],
      '--allow-outside',
    ]);
    peaks.push(peakBytes);
  }
  const [short = NaN, long = NaN] = peaks;
  console.log(
    `\n${table(
      ['rows', 'peak memory'],
      counts.map((count, index) => [String(count), mebibytes(peaks[index] ?? NaN)]),
    )}\n\nAll processes together, most answers from memory; the target of the second is ${MEMORY_TARGET} times the first.`,
  );
  if (!(long <= MEMORY_TARGET * short)) process.exitCode = 1;
}

async function main(): Promise<void> {
  const [rows = '20000', manyRows = '200000'] = programArguments(2);
  const counts = { rows: wholeNumber('rows', rows), many: wholeNumber('rows of the long run', manyRows) };
  const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-bench-'));
  try {
    await compareRates(folder, await exampleRows(counts.rows));
    await compareMemory(folder, [Math.ceil(counts.rows / 10), counts.many]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main);
