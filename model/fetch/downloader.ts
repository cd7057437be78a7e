import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { checkSpace, onDisk } from './disk.ts';
import type { HttpClient } from './http.ts';
import type { ListedFile } from './listing.ts';
import { type Download, receive } from './receive.ts';
import { retrying, type RetryOptions } from './retry.ts';
import type { ModelSource } from './source.ts';

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

export interface DownloaderOptions extends RetryOptions {
  readonly client: HttpClient;
  readonly source: ModelSource;
  readonly revision: string;
  readonly folder: string;
  /** Folders that may hold some of the files; they need not exist. */
  readonly caches: readonly string[];
  /** Files downloaded at a time. */
  readonly connections: number;
  readonly onProgress: ((progress: FetchProgress) => void) | undefined;
}

/** Hashing a file of less than this is too short to report progress. */
const MIN_REPORTED_BYTES = 64 << 20;

/**
 * Downloads files into a folder. A file's bytes are collected in `<name>.<start of its SHA-256>.partial`: its size is
 * all that a later run needs to resume, and a file whose content has changed starts anew.
 */
export class Downloader {
  readonly #options: DownloaderOptions;
  readonly #downloads: Download[] = [];
  #received = 0;

  constructor(options: DownloaderOptions) {
    this.#options = options;
  }

  /** Bytes on disk and in all, of the files that were not complete before this run. */
  get progress(): { done: number; total: number } {
    const done = this.#downloads.reduce((sum, { received }) => sum + received, 0);
    const total = this.#downloads.reduce((sum, { file }) => sum + file.bytes, 0);
    return { done, total };
  }

  /**
   * Copies from a cache, or downloads, those of the files that the folder does not have with the right SHA-256.
   *
   * @throws UserError
   */
  async ensure(files: readonly ListedFile[]): Promise<FetchedFile[]> {
    const missing: Download[] = [];
    for (const file of files) if (!(await this.#isComplete(file))) missing.push(await this.#prepare(file));
    await checkSpace(
      this.#options.folder,
      missing.reduce((sum, { file, received }) => sum + file.bytes - received, 0),
    );
    this.#downloads.push(...missing);
    const origins = new Map<ListedFile, FetchedFile['origin']>();
    for (const each of missing) origins.set(each.file, (await this.#copyFromCache(each)) ? 'cache' : 'hub');
    const resumed = new Set(missing.filter(({ received }) => received > 0));
    await this.#receiveAll(missing);
    for (const download of missing) await this.#finish(download, resumed.has(download));
    return files.map((file) => ({ ...file, origin: origins.get(file) ?? 'folder' }));
  }

  async #isComplete(file: ListedFile): Promise<boolean> {
    const target = path.join(this.#options.folder, file.name);
    const found = await stat(target).catch(() => undefined);
    if (found?.size !== file.bytes) return false;
    if (await this.#isRight(target, file, 'check')) return true;
    this.#options.onNote(`${target} differs from the published file: downloading it again.`);
    return false;
  }

  async #prepare(file: ListedFile): Promise<Download> {
    const { folder, source, revision } = this.#options;
    const query = new URLSearchParams({ Revision: revision, FilePath: file.name });
    const url = `${source.endpoint}/api/v1/models/${source.id}/repo?${query.toString()}`;
    const target = path.join(folder, file.name);
    const partial = `${target}.${file.sha256.slice(0, 12)}.partial`;
    await onDisk(target, () => mkdir(path.dirname(target), { recursive: true }));
    const size = (await stat(partial).catch(() => undefined))?.size ?? 0;
    return { file, url, target, partial, received: size > file.bytes ? 0 : size };
  }

  /** Fills the partial file from the first cache that has the file with the right SHA-256. */
  async #copyFromCache(download: Download): Promise<boolean> {
    const { file, partial } = download;
    const { caches, signal } = this.#options;
    for (const cached of caches.map((folder) => path.join(folder, file.name))) {
      const found = await stat(cached).catch(() => undefined);
      if (found?.isFile() !== true || found.size !== file.bytes) continue;
      const isRight = await this.#isRight(cached, file, 'check').catch(() => false);
      signal.throwIfAborted();
      if (!isRight) continue;
      await onDisk(partial, () => pipeline(createReadStream(cached), createWriteStream(partial), { signal }));
      download.received = file.bytes;
      return true;
    }
    return false;
  }

  /** Downloads several files at a time; the first failure stops the others. */
  async #receiveAll(downloads: readonly Download[]): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failed.signal]);
    const queue = downloads.values();
    const worker = async (): Promise<void> => {
      try {
        for (const download of queue) await this.#receive(download, signal);
      } catch (error) {
        failed.abort(error);
      }
    };
    await Promise.all(Array.from({ length: this.#options.connections }, worker));
    signal.throwIfAborted();
  }

  async #receive(download: Download, signal: AbortSignal): Promise<void> {
    const onBytes = (bytes: number): void => {
      this.#received += bytes;
      this.#report('fetch', this.progress);
    };
    onBytes(0);
    const options = { ...this.#options, signal, onBytes };
    await retrying(
      () => receive(download, options),
      options,
      () => download.received,
    );
  }

  /** Gives a complete file its name. One that was resumed and is wrong is downloaded again, once. */
  async #finish(download: Download, resumed: boolean): Promise<void> {
    const { file, target, partial } = download;
    if (await this.#isRight(partial, file, 'sums')) {
      await onDisk(target, () => moveDurably(partial, target));
      return;
    }
    await onDisk(partial, () => rm(partial));
    download.received = 0;
    if (resumed) {
      const note = `${file.name}, resumed from an earlier run, is damaged: downloading it again from the start.`;
      this.#options.onNote(note);
      await this.#receive(download, this.#options.signal);
      return this.#finish(download, false);
    }
    throw new UserError(
      'download-corrupt',
      `${file.name} arrived with another SHA-256 than the listing gives and was removed: ` +
        'run the same command again, or choose another endpoint.',
    );
  }

  async #isRight(target: string, file: ListedFile, stage: 'check' | 'sums'): Promise<boolean> {
    const onHashed = (done: number): void => {
      this.#options.signal.throwIfAborted();
      if (file.bytes >= MIN_REPORTED_BYTES) this.#report(stage, { done, total: file.bytes });
    };
    const { sha256 } = await onDisk(target, () => hashFile(target, onHashed), 'read');
    return sha256 === file.sha256;
  }

  #report(stage: FetchProgress['stage'], sums: { done: number; total: number }): void {
    this.#options.onProgress?.({ stage, ...sums, received: this.#received });
  }
}

/** Renames a file whose bytes are on disk by then, so that a power failure leaves no damaged file. */
async function moveDurably(from: string, to: string): Promise<void> {
  const handle = await open(from, 'r+');
  await handle.datasync().finally(() => handle.close());
  await rename(from, to);
}
