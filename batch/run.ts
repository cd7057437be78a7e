import { setMaxListeners } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { abortable } from '../model/abort.ts';
import { UserError, type FailureCode } from '../model/errors.ts';
import type { OpenModel } from '../service/inference/open-model.ts';
import type { Settings } from '../service/settings/read.ts';
import { ImageLoader } from './images/image-loader.ts';
import { openImages } from './images/open-images.ts';
import type { ColumnNames } from './input/columns.ts';
import { toRow, type Row } from './input/row.ts';
import { scanInput } from './input/scan.ts';
import { openSource, type Source, type SourceOptions } from './input/source.ts';
import { absolute, inFolder } from './storage/files.ts';
import { Judge } from './judge.ts';
import type { OpenFile } from './output/files.ts';
import { Tally, toLine } from './output/outcome.ts';
import { partialFile, PartWriter } from './output/part-file.ts';
import { resultFormatOf } from './output/format.ts';
import { writableFolder } from './output/open-folder.ts';
import { openParts, type OpenPart } from './output/resume.ts';
import type { WritableFolder } from './output/result-folder.ts';
import { differenceOf, readRunFile, writeRunFile, type RunDescription } from './output/run-file.ts';
import { partsOf, rangeOf, shardFolder, type Shard } from './shard.ts';

/** The settings that a run reads besides those of the model. */
type BatchSettings = Pick<Settings, 'MAX_BATCH' | 'MAX_BODY_MB' | 'MAX_BODIES_MB' | 'LABELS' | 'IMAGE_ORIENTATION'>;

export interface BatchOptions {
  readonly model: OpenModel;
  readonly settings: BatchSettings;
  readonly source: Omit<SourceOptions, 'names' | 'output' | 'copy' | 'signal'>;
  readonly names: ColumnNames;
  /** Hypotheses for rows that have none of their own. */
  readonly texts: readonly string[];
  /** A folder on a disk or in a bucket; its ending chooses the format of the parts. */
  readonly output: string;
  /** Hosts that https addresses of images may name. */
  readonly hosts: readonly string[];
  /** @default the whole input */
  readonly shard?: Shard | undefined;
  /** Whether an earlier run had the same pictures at another place. */
  readonly imagesMoved?: boolean;
  /** Rows of each part file. */
  readonly partRows: number;
  /** Most failed rows, those of earlier runs included. @default any number */
  readonly maxFailures?: number | undefined;
  /** Ends the run; the next one goes on from there. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: BatchProgress) => void;
  /** @default node:fs's, for tests */
  readonly openFile?: OpenFile;
}

/** Rows of the run or shard, those of earlier runs included. */
export interface BatchProgress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export interface BatchResult {
  readonly tally: Tally;
  /** Rows that this run has computed itself. */
  readonly computed: number;
  /** Seconds that it took for them, from when the engine was ready. */
  readonly seconds: number;
  /** The folder of the part files. */
  readonly folder: string;
}

/** Rows in progress for each item that the engines compute at once: one batch runs while the others are prepared. */
const ROWS_PER_SLOT = 4;
/** Failures that end a run and may not meet the next one. */
const MAY_PASS: ReadonlySet<FailureCode> = new Set([
  'network-unreachable',
  'disk-full',
  'output-not-writable',
  'engine-failed',
]);
/** Finished rows that may wait for an earlier one to be written, for each row in progress. */
const UNWRITTEN_PER_ROW = 16;

/**
 * Answers all rows of an input and writes the outcomes as part files, or goes on with what an earlier run has left.
 *
 * @throws UserError when the run cannot go on; the next one can
 */
export async function runBatch(options: BatchOptions): Promise<BatchResult> {
  try {
    return await runInterruptibly(options);
  } catch (error) {
    if (!options.signal.aborted || error instanceof UserError) throw error;
    const message = 'Interrupted before a row was computed; run the same command again.';
    throw new UserError('interrupted', message, { cause: error });
  }
}

/** @throws as {@link runBatch}; the signal's reason if nothing has been computed by then */
async function runInterruptibly(given: BatchOptions): Promise<BatchResult> {
  const { output, shard } = given;
  const folder = await writableFolder(shard === undefined ? output : inFolder(output, shardFolder(shard)));
  const signal = AbortSignal.any([given.signal, ...(folder.lost === undefined ? [] : [folder.lost])]);
  const options = { ...given, signal };
  const copy = path.join(folder.workFolder, '.stdin');
  try {
    const source = await openSource({ ...options.source, names: options.names, output, copy, signal });
    const { MAX_BODY_MB: maxMib, MAX_BODIES_MB: maxTotalMib } = options.settings;
    const allowOutside = options.source.allowOutside || source.isAnywhere;
    const opened = openImages(source.images, { allowOutside, hosts: options.hosts, maxMib, signal });
    const images = await abortable(opened, signal);
    try {
      const judge = new Judge(options.model, new ImageLoader(images, { maxMib, maxTotalMib }));
      return await runIn(folder, source, judge, options);
    } finally {
      await images.close();
    }
  } finally {
    await rm(copy, { force: true });
    await folder.close();
  }
}

async function runIn(
  folder: WritableFolder,
  source: Source,
  judge: Judge,
  options: BatchOptions,
): Promise<BatchResult> {
  const { names, texts, settings, model, shard = { index: 0, count: 1 }, partRows, signal } = options;
  // A storage service may be silent for long, which the signal need not wait for.
  const stamp = await abortable(source.stamp(), signal);
  const parts = resultFormatOf(options.output);
  const scan = scanInput(source, names, texts.length > 0, signal);
  const { sha256, rows, isNumbered } = await abortable(scan, signal);
  const { name, precision } = model.predictor.model;
  const run: RunDescription = {
    model: { name, precision, digest: model.modelPackage.digest },
    settings: { LABELS: settings.LABELS, IMAGE_ORIENTATION: settings.IMAGE_ORIENTATION },
    input: {
      ...{ name: source.name, sha256, rows, columns: names, texts: [...texts] },
      images: source.images === undefined ? 'those of the rows' : absolute(source.images),
    },
    shard,
    partRows,
    parts,
  };
  // Standard input may have been cut off by the same Ctrl-C.
  signal.throwIfAborted();
  await claim(folder, run, options);
  const range = rangeOf(shard, rows);
  const tally = new Tally();
  const open = await abortable(openParts(folder, partsOf(range, partRows), parts, tally, signal), signal);
  const before = tally.rows;
  const total = range.end - range.first;
  // An engine is not needed to find that all is done.
  if (open.length > 0) await abortable(model.failFast(model.pool.whenReady()), signal);
  const start = performance.now();
  await new Run(folder, options, tally, total).compute(source, open, judge, isNumbered);
  if ((await source.stamp()) !== stamp) {
    throw new UserError('input-unreadable', inputChanged(options));
  }
  return { tally, computed: total - before, seconds: (performance.now() - start) / 1000, folder: folder.name };
}

function inputChanged({ source, output }: BatchOptions): string {
  return `The input ${source.input} was changed while it was read: delete the folder ${output} and run again.`;
}

/** Takes the folder for a run, unless it has results of another one. */
async function claim(folder: WritableFolder, run: RunDescription, options: BatchOptions): Promise<void> {
  const found = await abortable(readRunFile(folder), options.signal);
  const difference = found && differenceOf(found, run);
  if (found !== undefined && difference === undefined) return;
  // Pictures are not compared: only the user knows whether those at another place are the same.
  const haveMoved =
    found && differenceOf({ ...found, input: { ...found.input, images: run.input.images } }, run) === undefined;
  if (found === undefined || (haveMoved === true && options.imagesMoved === true)) {
    await writeRunFile(folder, run);
    return;
  }
  const remedy = haveMoved === true ? '; if these are the same pictures at another place, add --images-moved' : '';
  throw new UserError(
    'output-not-writable',
    `The folder ${folder.name} has results ${difference}. Choose another --output, or delete the folder${remedy}.`,
  );
}

/** The part of a run that computes. */
class Run {
  readonly #folder: WritableFolder;
  readonly #options: BatchOptions;
  readonly #tally: Tally;
  readonly #total: number;

  constructor(folder: WritableFolder, options: BatchOptions, tally: Tally, total: number) {
    this.#folder = folder;
    this.#options = options;
    this.#tally = tally;
    this.#total = total;
  }

  /** Computes the rows of open parts and writes them in order. */
  async compute(source: Source, open: readonly OpenPart[], judge: Judge, isNumbered: boolean): Promise<void> {
    const { model, settings, signal: interrupt } = this.#options;
    const stop = new AbortController();
    const signal = AbortSignal.any([interrupt, stop.signal]);
    setMaxListeners(0, signal);
    const concurrency = ROWS_PER_SLOT * settings.MAX_BATCH * model.pool.engines.length;
    // By a variable: Node.js 20 has highWaterMark, but its types do not.
    const limits = { concurrency, highWaterMark: UNWRITTEN_PER_ROW * concurrency, signal };
    const answer = async (row: Row): Promise<string> => toLine(row, await judge.judge(row, signal));
    const lines = Readable.from(this.#rowsOf(source, open, isNumbered)).map(answer, limits);
    try {
      await this.#write(lines as AsyncIterable<string>, open);
    } catch (error) {
      if (!interrupt.aborted) throw this.#withAdvice(error);
      // The folder is another run's now.
      if (interrupt.reason instanceof UserError) throw interrupt.reason;
      const message = `Interrupted after ${this.#tally.rows} of ${this.#total} rows; the same command goes on ${this.#place()}.`;
      throw new UserError('interrupted', message, { cause: error });
    } finally {
      // Ends what is still being computed.
      stop.abort();
      lines.destroy();
    }
  }

  /** Says of a failure that may pass that nothing is lost by it. */
  #withAdvice(error: unknown): unknown {
    if (!(error instanceof UserError && MAY_PASS.has(error.code))) return error;
    return new UserError(error.code, `${error.message} The same command goes on ${this.#place()}.`, { cause: error });
  }

  /** Where the next run goes on, for a sentence. */
  #place(): string {
    return this.#folder.keepsWork ? 'from there' : 'with the part that was not complete';
  }

  /** The rows of open parts that have no outcome yet. */
  async *#rowsOf(source: Source, open: readonly OpenPart[], isNumbered: boolean): AsyncGenerator<Row> {
    const { names, texts } = this.#options;
    let [part, ...later] = open;
    if (part === undefined) return;
    const { first, rows } = source.rowsFrom(Math.max(part.part.first, part.next - 1));
    let number = first;
    for await (const raw of rows) {
      while (part !== undefined && number >= part.part.end) [part, ...later] = later;
      if (part === undefined) return;
      if (number >= part.next) yield toRow(raw, number, names, { texts, isNumbered });
      else if (number === part.next - 1) this.#checkKept(part, toRow(raw, number, names, { isNumbered }));
      number++;
    }
  }

  /** Checks that the last row of a part that was begun is the one it should be: lines may have been taken out. */
  #checkKept({ part, lastId }: OpenPart, { id }: Row): void {
    if (lastId === undefined || String(id) === lastId) return;
    const file = partialFile(this.#folder, part);
    throw new UserError(
      'input-unreadable',
      `${file} has other rows than the input: somebody has changed it. Delete it and run the command again, which computes its rows.`,
    );
  }

  async #write(lines: AsyncIterable<string>, open: readonly OpenPart[]): Promise<void> {
    const results = lines[Symbol.asyncIterator]();
    const { output, openFile, signal } = this.#options;
    for (const { part, next, length } of open) {
      const options = { folder: this.#folder, part, format: resultFormatOf(output), openFile };
      const writer = await PartWriter.open(options, length);
      try {
        for (let number = next; number < part.end; number++) {
          const result = await abortable(results.next(), signal);
          if (result.done === true) throw new UserError('input-unreadable', inputChanged(this.#options));
          await writer.write(result.value);
          this.#count(result.value);
        }
      } catch (error) {
        await writer.close();
        throw error;
      }
      await writer.complete();
    }
  }

  #count(line: string): void {
    const { maxFailures = Infinity, onProgress } = this.#options;
    this.#tally.addLine(line);
    const { rows, failedRows } = this.#tally;
    onProgress?.({ done: rows, failed: failedRows, total: this.#total });
    if (failedRows <= maxFailures) return;
    throw new UserError(
      'too-many-failures',
      `Stopped after ${rows} of ${this.#total} rows, of which ${failedRows} failed and --max-failures allows ${maxFailures}. The same command with a larger number goes on from there.`,
    );
  }
}
