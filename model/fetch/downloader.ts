import { appendFileSync, createReadStream, createWriteStream, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { makeFolder } from '../make-folder.ts';
import type { HubClient } from './http.ts';
import type { ListedFile } from './listing.ts';
import { RequestFailure } from './request-failure.ts';
import { retrying, type RetryOptions } from './retry.ts';

/** How a model is fetched. */
export interface FetchOptions extends RetryOptions {
  /** Folders of other programs that may hold the model's files, which are then not downloaded. */
  readonly caches: readonly string[];
  readonly onProgress: (progress: FetchProgress) => void;
}

/** Bytes of the files that are being downloaded. */
export interface FetchProgress {
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
}

const CORRUPT_ADVICE = 'run the same command again, or choose another endpoint';
const PARALLEL_DOWNLOADS = 4;
/** Hashing a file of at least this size takes so long that the user is told. */
const LARGE_BYTES = 256 << 20;

/**
 * Downloads files into a folder. A file's bytes are collected in `<name>.<start of its SHA-256>.partial`: its size is
 * all that a later run needs to resume, and a file whose content has changed starts anew.
 */
export class Downloader {
  readonly #client: HubClient;
  readonly #folder: string;
  readonly #options: FetchOptions;
  readonly #downloads: Download[] = [];
  #received = 0;

  constructor(client: HubClient, folder: string, options: FetchOptions) {
    this.#client = client;
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * Copies from a cache, or downloads, those of the files that the folder does not have with the right SHA-256.
   *
   * @throws UserError, or the error of a file system call
   */
  async ensure(files: readonly ListedFile[]): Promise<FetchedFile[]> {
    const folder = this.#folder;
    const fetched: FetchedFile[] = [];
    const missing: Download[] = [];
    for (const file of files) {
      const found = await this.#find(file, [folder, ...this.#options.caches]);
      fetched.push({ ...file, origin: found === undefined ? 'hub' : found === folder ? 'folder' : 'cache' });
      if (found !== folder) missing.push(await this.#prepare(file, found));
    }
    this.#downloads.push(...missing);
    await this.#receiveAll(missing);
    for (const download of missing) await this.#publish(download);
    return fetched;
  }

  /** The first of the folders that has the file with the right SHA-256. */
  async #find(file: ListedFile, folders: readonly string[]): Promise<string | undefined> {
    const { signal, onNote } = this.#options;
    for (const folder of folders) {
      const target = path.join(folder, file.name);
      const found = await stat(target).catch(() => undefined);
      if (found?.isFile() !== true || found.size !== file.bytes) continue;
      if (await this.#isRight(target, file).catch(() => false)) return folder;
      signal.throwIfAborted();
      if (folder === this.#folder) onNote(`${target} differs from the published file: downloading it again.`);
    }
    return undefined;
  }

  /** Copies a file from a cache, or finds out how much of it an earlier run has received. */
  async #prepare(file: ListedFile, cache: string | undefined): Promise<Download> {
    const target = path.join(this.#folder, file.name);
    const partial = `${target}.${file.sha256.slice(0, 12)}.partial`;
    makeFolder(path.dirname(target));
    if (cache !== undefined) {
      const { signal } = this.#options;
      await pipeline(createReadStream(path.join(cache, file.name)), createWriteStream(partial), { signal });
    }
    const size = (await stat(partial).catch(() => undefined))?.size ?? 0;
    return { file, target, partial, received: size > file.bytes ? 0 : size };
  }

  /** Downloads several files at a time; the first failure stops the others. */
  async #receiveAll(downloads: readonly Download[]): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, failed.signal]);
    const queue = downloads.values();
    const worker = async (): Promise<void> => {
      try {
        for (const download of queue) {
          this.#reportDownload(0);
          const attempt = (): Promise<void> => this.#receive(download, signal);
          await retrying(attempt, { ...this.#options, signal }, () => download.received);
        }
      } catch (error) {
        failed.abort(error);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, worker));
    signal.throwIfAborted();
  }

  /**
   * Requests what is missing of a file, once, and appends it to what is there. A server that does not support ranges
   * sends the file from its start.
   */
  async #receive(download: Download, signal: AbortSignal): Promise<void> {
    const { file, partial, received } = download;
    if (received > 0 && received === file.bytes) return;
    const address = `repo?FilePath=${encodeURIComponent(file.name)}`;
    const { status, host, header, body } = await this.#client.get(address, file.name, signal, received);
    const otherBytes = `${host} does not send the ${file.bytes} bytes of ${file.name} that its listing names`;
    const refuse = () => new RequestFailure(otherBytes, CORRUPT_ADVICE, { code: 'download-corrupt' });
    const isRequested =
      status === 200
        ? Number(header('content-length') ?? file.bytes) === file.bytes
        : header('content-range')?.startsWith(`bytes ${received}-${file.bytes - 1}/`);
    // A page, for a login say, may have no length: its bytes would be kept as the first ones of the file.
    const isPage = /^text\/html\b/i.test(header('content-type') ?? '');
    if (!isRequested || isPage) throw refuse();
    if (status === 200 && received > 0) {
      this.#options.onNote(`${host} cannot resume ${file.name}: downloading it again from the start.`);
      download.received = 0;
    }
    // Synchronous calls, so that the body is never left waiting for the disk: see BODY_BUFFER_BYTES.
    if (download.received === 0) writeFileSync(partial, '');
    for await (const chunk of body) {
      if (download.received + chunk.length > file.bytes) {
        // It is another file: the next run must not go on with it.
        rmSync(partial);
        throw refuse();
      }
      appendFileSync(partial, chunk);
      download.received += chunk.length;
      this.#reportDownload(chunk.length);
    }
    if (download.received === file.bytes) return;
    const reason = `${host} sent only ${download.received} of the ${file.bytes} bytes of ${file.name}`;
    throw new RequestFailure(reason, 'run the same command again to resume', { retryable: true });
  }

  /** Gives a complete file its name, once its bytes are on disk, so that a power failure leaves no damaged file. */
  async #publish({ file, target, partial }: Download): Promise<void> {
    if (!(await this.#isRight(partial, file))) {
      await rm(partial);
      const reason = `${file.name} arrived with another SHA-256 than the listing gives and was removed`;
      throw new UserError('download-corrupt', `${reason}: ${CORRUPT_ADVICE}.`);
    }
    const handle = await open(partial, 'r+');
    await handle.datasync().finally(() => handle.close());
    await rename(partial, target);
  }

  async #isRight(target: string, { bytes, sha256 }: ListedFile): Promise<boolean> {
    const { signal, onNote } = this.#options;
    if (bytes >= LARGE_BYTES) onNote(`Checking the SHA-256 of ${target}.`);
    const found = await hashFile(target, () => {
      signal.throwIfAborted();
    });
    return found.sha256 === sha256;
  }

  #reportDownload(bytes: number): void {
    this.#received += bytes;
    const done = this.#downloads.reduce((sum, { received }) => sum + received, 0);
    const total = this.#downloads.reduce((sum, { file }) => sum + file.bytes, 0);
    this.#options.onProgress({ done, total, received: this.#received });
  }
}
