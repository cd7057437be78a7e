// Compares a batch run's rate with that of its engine alone, and the memory of a short and a long run.
// usage: node bin/run.js bench/batch.ts [rows] [rows of the long run]
import { setMaxListeners } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { COLUMNS, type ColumnNames } from '../batch/input/row.ts';
import { runBatch } from '../batch/run.ts';
import { demoPackage } from '../demo/demo-package.ts';
import { readExamples } from '../demo/examples.ts';
import { encodePrompt } from '../model/input/tokens.ts';
import { paddedLength } from '../service/engine/session/self-test.ts';
import type { InferenceObserver } from '../service/inference/observer.ts';
import { openModel, type OpenModel } from '../service/inference/open-model.ts';
import { readSettings } from '../service/settings/read.ts';
import { mebibytes, printReport, table } from './support/format.ts';
import { runChild } from './support/measure-child.ts';

/** Smallest share of the engine's own rate that a run may have, and of the time in which the engine computes. */
const TARGET = 0.95;
/** Most memory of the long run, as a multiple of the short one's. */
const MEMORY_TARGET = 1.1;

const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));
const NAMES = Object.fromEntries(COLUMNS.map((name) => [name, name])) as ColumnNames;

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

async function compareRates(folder: string, rows: readonly Row[]): Promise<void> {
  // Every row is computed: neither features nor answers are kept.
  const settings = readSettings({ ...process.env, FEATURE_CACHE_MB: '0' });
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
    const input = path.join(folder, 'rows.jsonl');
    await writeRows(input, rows);
    const before = await engineRate(model, rows);
    engine.busyMs = 0;
    const { computed, seconds } = await runBatch({
      model,
      settings,
      source: { input, format: undefined, images: undefined, allowOutside: true },
      names: NAMES,
      texts: [],
      output: path.join(folder, 'out'),
      hosts: [],
      partRows: 10_000,
      signal: new AbortController().signal,
    });
    const busy = engine.busyMs / 1000 / seconds / model.pool.engines.length;
    const after = await engineRate(model, rows);
    const own = (before + after) / 2;
    const rate = computed / seconds;
    printReport(
      table(
        ['rows per second', ''],
        [
          ['the engine alone, before and after', `${before.toFixed(1)}, ${after.toFixed(1)}`],
          ['the run', rate.toFixed(1)],
          ['ratio', (rate / own).toFixed(3)],
          ['share of the time in which the engine computes', busy.toFixed(3)],
        ],
      ),
      `The demo model on ${rows.length} rows; the target of both shares is ${TARGET}. On a CPU the engine shares the
cores with the decoding of pictures, which lowers the first.`,
    );
    if (!(Math.min(rate / own, busy) >= TARGET)) process.exitCode = 1;
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

const [rows = '2000', manyRows = '200000'] = process.argv.slice(2);
const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-bench-'));
try {
  await compareRates(folder, await exampleRows(Number(rows)));
  await compareMemory(folder, [Number(rows), Number(manyRows)]);
} finally {
  await rm(folder, { recursive: true, force: true });
}
