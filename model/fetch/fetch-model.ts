import { existsSync } from 'node:fs';
import path from 'node:path';
import { readAnswersFileName, readConfig } from '../compile/checkpoint/config.ts';
import { readPartNames } from '../compile/checkpoint/shards.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { isDiskFull, reasonOf } from '../system-reason.ts';
import { Downloader, type FetchedFile, type FetchOptions } from './downloader.ts';
import { lockFolder } from '../folder-lock.ts';
import { makeFolder } from '../make-folder.ts';
import { HubClient } from './http.ts';
import { pickFiles, readListing, weightsName } from './listing.ts';
import { retrying } from './retry.ts';
import type { ModelSource } from './source.ts';

/** Small files that every checkpoint has; they name the others. */
const DESCRIPTIONS = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt'];

/**
 * Fetches the files that compiling a published checkpoint needs into a folder, which is created if it is missing.
 * Each file gets its name once it is complete and has the SHA-256 of the listing; files that already have it are
 * kept, or copied from a cache. The configuration is checked before the weights are downloaded.
 *
 * @param stallMs how long a server may be silent, in milliseconds
 * @returns the files, the weights last
 * @throws UserError
 */
export async function fetchModel(
  source: ModelSource,
  folder: string,
  options: FetchOptions,
  stallMs = 30_000,
): Promise<FetchedFile[]> {
  const client = new HubClient(source, stallMs);
  try {
    return await fetchFiles(client, folder, options);
  } catch (error) {
    throw asUserError(error, folder, options.signal);
  } finally {
    await client.close();
  }
}

async function fetchFiles(client: HubClient, folder: string, options: FetchOptions): Promise<FetchedFile[]> {
  const listing = await retrying(() => readListing(client, options.signal), options);
  const pick = (names: readonly string[]) => pickFiles(listing, names, client.source);
  const weights = weightsName(listing);
  const isIndex = weights.endsWith('.json');
  pick([...DESCRIPTIONS, weights]);
  makeFolder(folder);
  const lock = await lockFolder(folder, '.fetch.lock', 'downloading into');
  try {
    const others = WEIGHT_FILES.slice(0, WEIGHT_FILES.indexOf(weights));
    const other = others.find((name) => existsSync(path.join(folder, name)));
    if (other !== undefined) {
      const message = `${folder} holds a ${other} of another model, which would be compiled instead of ${weights}`;
      throw new UserError('output-not-writable', `${message}: choose another folder.`);
    }
    const downloader = new Downloader(client, folder, {
      ...options,
      signal: AbortSignal.any([options.signal, lock.lost]),
    });
    const files = await downloader.ensure(pick(isIndex ? [...DESCRIPTIONS, weights] : DESCRIPTIONS));
    files.push(...(await downloader.ensure(pick([await readAnswersFileName(folder)]))));
    // Refuses an unsupported model before gigabytes of it are downloaded.
    await readConfig(folder);
    const parts = isIndex ? await readPartNames(path.join(folder, weights)) : [weights];
    files.push(...(await downloader.ensure(pick(parts))));
    return files;
  } catch (error) {
    lock.lost.throwIfAborted();
    throw error;
  } finally {
    await lock.release();
  }
}

/** Turns an interruption and the errors of file system calls into sentences. */
function asUserError(error: unknown, folder: string, signal: AbortSignal): unknown {
  if (signal.aborted) {
    return new UserError('interrupted', 'Interrupted; run the same command again to resume.', { cause: error });
  }
  if (!(error instanceof Error && 'syscall' in error)) return error;
  const { path: target = folder, dest = target } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const isFull = isDiskFull(error);
  const advice = isFull ? '; free some space and run the same command again' : '';
  const message = `${dest} cannot be used: ${reasonOf(error)}${advice}.`;
  return new UserError(isFull ? 'disk-full' : 'output-not-writable', message, { cause: error });
}
