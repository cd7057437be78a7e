import { mkdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { readConfig } from '../compile/checkpoint/index.ts';
import { UserError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { download } from './download.ts';
import { lockFolder } from './folder-lock.ts';
import { HttpClient } from './http.ts';
import { fileUrl, type ListedFile, type Listing, readListing } from './listing.ts';
import { answersFile, isIndex, neededFiles, refuseOtherWeights, weightParts } from './needed-files.ts';
import { bytesLeft, onDisk, PartialFile, removeLeftovers } from './partial-file.ts';
import { PRESETS } from './presets.ts';
import { DEFAULT_RETRIES, retrying, type RetryPolicy } from './retry.ts';
import type { ModelSource } from './source.ts';

/** How a model is fetched. */
export interface FetchOptions {
  /** Branch, tag or commit of the repository. Default: master. */
  readonly revision?: string;
  /** Pieces of a file fetched at a time. Default: 4. */
  readonly connections?: number;
  /** Ends the fetch; what is there is kept, and the next fetch goes on from it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Called with one sentence about what is tried again, or done otherwise than usual. */
  readonly onNote?: (note: string) => void;
  /** Default: {@link DEFAULT_RETRIES}. */
  readonly retries?: Partial<RetryPolicy>;
  /** Bytes of a piece. Default: 16 MiB. */
  readonly pieceBytes?: number;
  /** How long a server may be silent, in milliseconds. Default: 30 s. */
  readonly stallMs?: number;
}

/** What is being done, in bytes. */
export interface FetchProgress {
  /** Looking at what is there, fetching, or summing up what was fetched. */
  readonly stage: 'check' | 'fetch' | 'sums';
  readonly done: number;
  readonly total: number;
  /** Bytes that came over the network in this run; `done` holds what earlier runs left besides. */
  readonly received: number;
}

/** A file of a fetched checkpoint. */
export interface FetchedFile extends ListedFile {
  /** Whether it was there already, and right. */
  readonly kept: boolean;
}

const PIECE_BYTES = 16 << 20;
const CONNECTIONS = 4;
const STALL_MS = 30_000;
/** Files below this are summed up without a word of progress. */
const WORTH_TELLING = 64 << 20;

/**
 * Fetches the files of a published checkpoint that compiling needs into a folder, which is made if it is missing. Each
 * file appears under its name once it is whole and has the SHA-256 that the listing gives; files that are there and
 * right are not fetched again. The configuration is judged before the weights are fetched.
 *
 * @returns the files, the weights last
 * @throws UserError
 */
export async function fetchModel(
  source: ModelSource,
  folder: string,
  options: FetchOptions = {},
): Promise<FetchedFile[]> {
  const fetch = new Fetch(source, folder, options);
  try {
    return await fetch.run();
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    throw new UserError('interrupted', fetch.interruption(), { cause: error });
  } finally {
    await fetch.close();
  }
}

class Fetch {
  readonly #source: ModelSource;
  readonly #folder: string;
  readonly #options: FetchOptions;
  readonly #client: HttpClient;
  /** Ends the fetch when the folder is another process's. */
  readonly #lost = new AbortController();
  readonly #signal: AbortSignal;
  readonly #retries: RetryPolicy;
  readonly #revision: string;
  #unlock: (() => Promise<void>) | undefined;
  #done = 0;
  #total = 0;
  #received = 0;

  constructor(source: ModelSource, folder: string, options: FetchOptions) {
    this.#source = source;
    this.#folder = folder;
    this.#options = options;
    this.#signal = AbortSignal.any([this.#lost.signal, ...(options.signal ? [options.signal] : [])]);
    this.#revision = options.revision ?? 'master';
    this.#retries = {
      ...DEFAULT_RETRIES,
      ...(options.onNote && { onRetry: options.onNote }),
      ...options.retries,
    };
    this.#client = new HttpClient({
      connections: options.connections ?? CONNECTIONS,
      stallMs: options.stallMs ?? STALL_MS,
      ...(source.authorization !== undefined && {
        authorization: { origin: new URL(source.endpoint).origin, value: source.authorization },
      }),
    });
  }

  async run(): Promise<FetchedFile[]> {
    const listing = await retrying(this.#retries, this.#signal, () =>
      readListing(this.#client, this.#source, this.#revision, this.#signal),
    );
    const from = `${this.#source.id} on ${new URL(this.#source.endpoint).host}`;
    const { descriptions, weights } = neededFiles(listing, from);
    await onDisk(this.#folder, () => mkdir(this.#folder, { recursive: true }));
    this.#unlock = await lockFolder(this.#folder, (error) => {
      this.#lost.abort(error);
    });
    await refuseOtherWeights(this.#folder, weights);

    const first = isIndex(weights) ? [...descriptions, weights] : descriptions;
    const files = await this.#ensureAll(first);
    files.push(...(await this.#ensureAll(await answersFile(listing, this.#folder, from))));
    await this.#judgeConfiguration();
    files.push(...(await this.#ensureAll(await this.#weightFiles(listing, weights, from))));
    return files;
  }

  async close(): Promise<void> {
    await this.#client.close();
    await this.#unlock?.();
  }

  /** What a user is told after an interrupt. */
  interruption(): string {
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
    const kept =
      this.#total === 0
        ? ''
        : `: ${megabytes(this.#done)} of ${megabytes(this.#total)} are in ${this.#folder}`;
    return `Interrupted${kept}; the same command goes on from there.`;
  }

  async #weightFiles(listing: Listing, weights: ListedFile, from: string): Promise<ListedFile[]> {
    return isIndex(weights) ? weightParts(listing, weights, this.#folder, from) : [weights];
  }

  /** An unsupported model is told before gigabytes of it are fetched. */
  async #judgeConfiguration(): Promise<void> {
    const { task } = await readConfig(this.#folder);
    const { preset, id } = this.#source;
    const expected = preset === undefined ? task.answers : PRESETS[preset].answers;
    if (sameWords(task.answers, expected)) return;
    throw new UserError(
      'checkpoint-unsupported',
      `${id} answers ${task.answers.join(', ')}, where ${expected.join(', ')} are expected: ` +
        'check the endpoint and the revision.',
    );
  }

  async #ensureAll(files: readonly ListedFile[]): Promise<FetchedFile[]> {
    const states: boolean[] = [];
    for (const file of files) states.push(await this.#isRight(file));
    const lacking = files.filter((_, at) => states[at] !== true);
    await this.#checkSpace(lacking);
    this.#total += lacking.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of lacking) await this.#fetch(file);
    return files.map((file, at) => ({ ...file, kept: states[at] === true }));
  }

  async #isRight(file: ListedFile): Promise<boolean> {
    const target = path.join(this.#folder, file.name);
    const found = await stat(target).catch(() => undefined);
    if (found?.size !== file.bytes) return false;
    if ((await this.#sum(target, file, 'check')) !== file.sha256) {
      this.#options.onNote?.(`${target} differs from the published file, which is fetched in its place.`);
      return false;
    }
    // A run that ended between the last byte and the clean-up left these.
    await removeLeftovers(target);
    return true;
  }

  async #fetch(file: ListedFile): Promise<void> {
    const before = this.#done;
    const resumed = await this.#fetchOnce(file, before);
    if (resumed === 'right') return;
    if (resumed === 'wrong-after-resume') {
      this.#options.onNote?.(
        `${file.name}, continued from an earlier run, is damaged: it is fetched afresh.`,
      );
      if ((await this.#fetchOnce(file, before)) === 'right') return;
    }
    throw new UserError(
      'download-corrupt',
      `${file.name} came with another SHA-256 than the listing says, and was removed: ` +
        'run the same command again, or choose another endpoint.',
    );
  }

  async #fetchOnce(file: ListedFile, before: number): Promise<'right' | 'wrong' | 'wrong-after-resume'> {
    const partial = await PartialFile.open(this.#folder, file, this.#options.pieceBytes ?? PIECE_BYTES);
    const tell = (bytes: number): void => {
      this.#received += bytes;
      this.#done = before + partial.done;
      this.#tell('fetch', this.#done, this.#total);
    };
    try {
      tell(0);
      await download(fileUrl(this.#source, this.#revision, file.name), partial, {
        client: this.#client,
        retries: this.#retries,
        connections: this.#options.connections ?? CONNECTIONS,
        signal: this.#signal,
        onBytes: tell,
        onNote: (note) => this.#options.onNote?.(note),
      });
    } finally {
      await partial.close();
    }
    if ((await this.#sum(partial.path, file, 'sums')) === file.sha256) {
      await partial.finish();
      return 'right';
    }
    await partial.discard();
    return partial.resumed > 0 ? 'wrong-after-resume' : 'wrong';
  }

  async #sum(target: string, file: ListedFile, stage: 'check' | 'sums'): Promise<string> {
    const hash = hashFile(target, (done) => {
      this.#signal.throwIfAborted();
      if (file.bytes >= WORTH_TELLING) this.#tell(stage, done, file.bytes);
    });
    return (await onDisk(target, () => hash, 'read')).sha256;
  }

  /** A full disk is better told before the fetch than at its end. */
  async #checkSpace(files: readonly ListedFile[]): Promise<void> {
    let needed = 0;
    for (const file of files) needed += file.bytes - (await bytesLeft(this.#folder, file));
    const { bavail, bsize } = await onDisk(this.#folder, () => statfs(this.#folder));
    const free = bavail * bsize;
    if (needed <= free) return;
    const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
    throw new UserError(
      'disk-full',
      `The disk of ${this.#folder} has ${megabytes(free)} MB free, and ${megabytes(needed)} MB more are needed: ` +
        'make room, or choose another folder.',
    );
  }

  #tell(stage: FetchProgress['stage'], done: number, total: number): void {
    this.#options.onProgress?.({ stage, done, total, received: this.#received });
  }
}

function sameWords(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((word) => others.includes(word));
}
