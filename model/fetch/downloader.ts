import { appendFileSync, closeSync, createReadStream, createWriteStream, openSync } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import type { HttpClient } from './http.ts';
import type { ListedFile } from './listing.ts';
import { RequestFailure } from './request-failure.ts';
import { retrying, type RetryOptions } from './retry.ts';
import type { ModelSource } from './source.ts';

/** What a fetch works with. */
export interface FetchContext extends RetryOptions {
  readonly client: HttpClient;
  readonly source: ModelSource;
  readonly folder: string;
  /** Branch, tag or commit of the repository. */
  readonly revision: string;
  /** Files downloaded at a time. */
  readonly connections: number;
  readonly onProgress: (progress: FetchProgress) => void;
  /** Folders of other programs that may hold the model's files, which are then not downloaded. */
  readonly caches: readonly string[];
}

/** Progress in bytes. */
export interface FetchProgress {
  /** `check`: hashing files that were there before, or are in a cache; `fetch`: downloading; `sums`: hashing what was downloaded. */
  readonly stage: 'check' | 'fetch' | 'sums';
  readonly done: number;
  readonly total: number;
  /** Bytes that arrived over the network in this run; `done` includes those of earlier runs. */
  readonly received: number;
}

/** A file of a fetched checkpoint. */
export interface FetchedFile extends ListedFile {
  /** Where it was found: complete in the folder before this run, in a cache of ModelScope's client, or on the hub. */
  readonly origin: 'folder' | 'cache' | 'hub';
}

/** A file that the folder does not have. */
interface Download {
  readonly file: ListedFile;
  readonly target: string;
  /** Holds the first bytes of the file until it is complete. */
  readonly partial: string;
  /** Number of bytes in `partial`. */
  received: number;
  readonly origin: 'cache' | 'hub';
}

/** Hashing a file of less than this is too short to report progress. */
const MIN_REPORTED_BYTES = 64 << 20;

/**
 * Downloads files into a folder. A file's bytes are collected in `<name>.<start of its SHA-256>.partial`: its size is
 * all that a later run needs to resume, and a file whose content has changed starts anew.
 */
export class Downloader {
  readonly #context: FetchContext;
  readonly #downloads: Download[] = [];
  #received = 0;

  constructor(context: FetchContext) {
    this.#context = context;
  }

  /**
   * Copies from a cache, or downloads, those of the files that the folder does not have with the right SHA-256.
   *
   * @throws UserError, or the error of a file system call
   */
  async ensure(files: readonly ListedFile[]): Promise<FetchedFile[]> {
    const missing: Download[] = [];
    for (const file of files) if (!(await this.#isComplete(file))) missing.push(await this.#prepare(file));
    this.#downloads.push(...missing);
    await this.#receiveAll(missing);
    for (const download of missing) await this.#publish(download);
    const origins = new Map(missing.map(({ file, origin }) => [file, origin]));
    return files.map((file) => ({ ...file, origin: origins.get(file) ?? 'folder' }));
  }

  async #isComplete(file: ListedFile): Promise<boolean> {
    const target = path.join(this.#context.folder, file.name);
    const found = await stat(target).catch(() => undefined);
    if (found?.size !== file.bytes) return false;
    if (await this.#isRight(target, file, 'check')) return true;
    this.#context.onNote(`${target} differs from the published file: downloading it again.`);
    return false;
  }

  async #prepare(file: ListedFile): Promise<Download> {
    const target = path.join(this.#context.folder, file.name);
    const partial = `${target}.${file.sha256.slice(0, 12)}.partial`;
    await mkdir(path.dirname(target), { recursive: true });
    if (await this.#copyFromCache(file, partial)) {
      return { file, target, partial, received: file.bytes, origin: 'cache' };
    }
    const size = (await stat(partial).catch(() => undefined))?.size ?? 0;
    return { file, target, partial, received: size > file.bytes ? 0 : size, origin: 'hub' };
  }

  /** Fills the partial file from the first cache that has the file with the right SHA-256. */
  async #copyFromCache(file: ListedFile, partial: string): Promise<boolean> {
    const { caches, signal } = this.#context;
    for (const cached of caches.map((folder) => path.join(folder, file.name))) {
      const found = await stat(cached).catch(() => undefined);
      if (found?.isFile() !== true || found.size !== file.bytes) continue;
      const isRight = await this.#isRight(cached, file, 'check').catch(() => false);
      signal.throwIfAborted();
      if (!isRight) continue;
      await pipeline(createReadStream(cached), createWriteStream(partial), { signal });
      return true;
    }
    return false;
  }

  /** Downloads several files at a time; the first failure stops the others. */
  async #receiveAll(downloads: readonly Download[]): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, failed.signal]);
    const queue = downloads.values();
    const worker = async (): Promise<void> => {
      try {
        for (const download of queue) {
          this.#reportDownload(0);
          const attempt = (): Promise<void> => this.#receive(download, signal);
          await retrying(attempt, { ...this.#context, signal }, () => download.received);
        }
      } catch (error) {
        failed.abort(error);
      }
    };
    await Promise.all(Array.from({ length: this.#context.connections }, worker));
    signal.throwIfAborted();
  }

  /**
   * Requests what is missing of a file, once, and appends it to what is there. A server that does not support ranges
   * sends the file from its start.
   */
  async #receive(download: Download, signal: AbortSignal): Promise<void> {
    const { file, partial, received } = download;
    const { client, source, revision, onNote } = this.#context;
    if (received > 0 && received === file.bytes) return;
    const query = new URLSearchParams({ Revision: revision, FilePath: file.name });
    const url = `${source.endpoint}/api/v1/models/${source.id}/repo?${query.toString()}`;
    const { status, host, header, body } = await client.get(url, file.name, signal, received);
    const size = Number(header('content-length') ?? file.bytes);
    const range = new RegExp(`^bytes ${received}-\\d+/(${file.bytes}|\\*)$`);
    const isRequested = status === 200 ? size === file.bytes : range.test(header('content-range') ?? '');
    if (!isRequested) throw otherBytes(host, file);
    if (status === 200 && received > 0) {
      onNote(`${host} cannot resume ${file.name}: downloading it again from the start.`);
      download.received = 0;
    }
    // Synchronous calls, so that the body is never left waiting for the disk: see BODY_BUFFER_BYTES.
    const handle = openSync(partial, download.received === 0 ? 'w' : 'a');
    try {
      for await (const chunk of body) {
        if (download.received + chunk.length > file.bytes) throw otherBytes(host, file);
        appendFileSync(handle, chunk);
        download.received += chunk.length;
        this.#reportDownload(chunk.length);
      }
    } finally {
      closeSync(handle);
    }
    if (download.received === file.bytes) return;
    const reason = `${host} sent only ${download.received} of the ${file.bytes} bytes of ${file.name}`;
    throw new RequestFailure(reason, 'run the same command again to resume', { retryable: true });
  }

  /** Gives a complete file its name, once its bytes are on disk, so that a power failure leaves no damaged file. */
  async #publish({ file, target, partial }: Download): Promise<void> {
    if (!(await this.#isRight(partial, file, 'sums'))) {
      await rm(partial);
      throw new UserError(
        'download-corrupt',
        `${file.name} arrived with another SHA-256 than the listing gives and was removed: ` +
          'run the same command again, or choose another endpoint.',
      );
    }
    const handle = await open(partial, 'r+');
    await handle.datasync().finally(() => handle.close());
    await rename(partial, target);
  }

  async #isRight(target: string, file: ListedFile, stage: 'check' | 'sums'): Promise<boolean> {
    const onHashed = (done: number): void => {
      this.#context.signal.throwIfAborted();
      if (file.bytes < MIN_REPORTED_BYTES) return;
      this.#context.onProgress({ stage, done, total: file.bytes, received: this.#received });
    };
    return (await hashFile(target, onHashed)).sha256 === file.sha256;
  }

  #reportDownload(bytes: number): void {
    this.#received += bytes;
    const done = this.#downloads.reduce((sum, { received }) => sum + received, 0);
    const total = this.#downloads.reduce((sum, { file }) => sum + file.bytes, 0);
    this.#context.onProgress({ stage: 'fetch', done, total, received: this.#received });
  }
}

function otherBytes(host: string, { name, bytes }: ListedFile): RequestFailure {
  return new RequestFailure(
    `${host} does not send the ${bytes} bytes of ${name} that its listing names`,
    'run the same command again, or choose another endpoint',
    { code: 'download-corrupt' },
  );
}
