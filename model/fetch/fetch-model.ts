import { mkdir } from 'node:fs/promises';
import { readConfig } from '../compile/checkpoint/config.ts';
import { UserError } from '../errors.ts';
import { onDisk } from './disk.ts';
import { Downloader, type FetchedFile, type FetchProgress } from './downloader.ts';
import { lockFolder } from './folder-lock.ts';
import { HttpClient } from './http.ts';
import { fileUrl, readListing } from './listing.ts';
import { answersFile, neededFiles, refuseOtherWeights, weightFiles } from './needed-files.ts';
import { PRESETS } from './presets.ts';
import { retrying, type RetryOptions } from './retry.ts';
import type { ModelSource } from './source.ts';

/** How a model is fetched. */
export interface FetchOptions {
  /** Branch, tag or commit of the repository. Default: master. */
  readonly revision?: string;
  /** Files downloaded at a time. Default: 4. */
  readonly connections?: number;
  /** Stops the fetch; the next fetch resumes it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Called with one sentence about a retry, or anything else out of the ordinary. */
  readonly onNote?: (note: string) => void;
  /** How long a server may be silent, in milliseconds. Default: 30 s. */
  readonly stallMs?: number;
  /** Waits between attempts. Default: a timer. */
  readonly wait?: RetryOptions['wait'];
}

/**
 * Fetches the files that compiling a published checkpoint needs into a folder, which is created if it is missing.
 * Each file gets its name once it is complete and has the SHA-256 of the listing; files that already have it are
 * kept. The configuration is checked before the weights are downloaded.
 *
 * @returns the files, the weights last
 * @throws UserError
 */
export async function fetchModel(
  source: ModelSource,
  folder: string,
  options: FetchOptions = {},
): Promise<FetchedFile[]> {
  const { revision = 'master', connections = 4, stallMs = 30_000, onNote = () => undefined } = options;
  const { signal = new AbortController().signal, onProgress, wait } = options;
  const client = new HttpClient({ connections, stallMs, authorization: source.authorization });
  const urlOf = (name: string): string => fileUrl(source, revision, name);
  const retries = { signal, onNote, wait };
  const downloader = new Downloader({ ...retries, client, folder, connections, urlOf, onProgress });
  try {
    const listing = await retrying(() => readListing(client, source, revision, signal), retries);
    const from = `${source.id} on ${new URL(source.endpoint).host}`;
    const needed = neededFiles(listing, from);
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
    const unlock = await lockFolder(folder, signal, onNote);
    try {
      await refuseOtherWeights(folder, needed.weights);
      const files = await downloader.ensure(needed.first);
      files.push(...(await downloader.ensure(await answersFile(listing, folder, from))));
      await checkConfiguration(source, folder);
      files.push(...(await downloader.ensure(await weightFiles(listing, needed.weights, folder, from))));
      return files;
    } finally {
      await unlock();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const { done, total } = downloader.progress;
    const kept = total === 0 ? '' : `: ${megabytes(done)} of ${megabytes(total)} are in ${folder}`;
    const message = `Interrupted${kept}; run the same command again to resume.`;
    throw new UserError('interrupted', message, { cause: error });
  } finally {
    await client.close();
  }
}

/** Refuses an unsupported model before gigabytes of it are downloaded. */
async function checkConfiguration({ id, preset }: ModelSource, folder: string): Promise<void> {
  const { answers } = (await readConfig(folder)).task;
  const expected = preset === undefined ? answers : PRESETS[preset].answers;
  if ([...answers].sort().join('\n') === [...expected].sort().join('\n')) return;
  throw new UserError(
    'checkpoint-unsupported',
    `${id} answers ${answers.join(', ')}, but ${expected.join(', ')} are expected: ` +
      'check the endpoint and the revision.',
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
