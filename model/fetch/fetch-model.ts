import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { readAnswersFileName, readConfig } from '../compile/checkpoint/config.ts';
import { readPartNames } from '../compile/checkpoint/shards.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { onDisk } from './disk.ts';
import { Downloader, type FetchedFile, type FetchProgress } from './downloader.ts';
import { lockFolder } from './folder-lock.ts';
import { HttpClient } from './http.ts';
import { pickFiles, readListing, weightsName } from './listing.ts';
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
  /** Folders of other programs that may hold the model's files, which are then not downloaded. Default: none. */
  readonly caches?: readonly string[];
  /** How long a server may be silent, in milliseconds. Default: 30 s. */
  readonly stallMs?: number;
  /** Waits between attempts. Default: a timer. */
  readonly wait?: RetryOptions['wait'];
}

/** Small files that every checkpoint has; they name the others. */
const DESCRIPTIONS = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt'];

/**
 * Fetches the files that compiling a published checkpoint needs into a folder, which is created if it is missing.
 * Each file gets its name once it is complete and has the SHA-256 of the listing; files that already have it are
 * kept, or copied from a cache. The configuration is checked before the weights are downloaded.
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
  const { signal = new AbortController().signal, onProgress, wait, caches = [] } = options;
  const client = new HttpClient(stallMs, source.authorization);
  const retries = { signal, onNote, wait };
  const downloader = new Downloader({ ...retries, client, folder, caches, connections, source, revision, onProgress });
  const from = `${source.id} on ${new URL(source.endpoint).host}`;
  try {
    const listing = await retrying(() => readListing(client, source, revision, signal), retries);
    const pick = (names: readonly string[]) => pickFiles(listing, names, from);
    const weights = weightsName(listing);
    const isIndex = weights.endsWith('.json');
    pick([...DESCRIPTIONS, weights]);
    await onDisk(folder, () => mkdir(folder, { recursive: true }));
    const unlock = await lockFolder(folder, signal, onNote);
    try {
      refuseOtherWeights(folder, weights);
      const files = await downloader.ensure(pick(isIndex ? [...DESCRIPTIONS, weights] : DESCRIPTIONS));
      files.push(...(await downloader.ensure(pick([await readAnswersFileName(folder)]))));
      await checkConfiguration(source, folder);
      const parts = isIndex ? await readPartNames(path.join(folder, weights)) : [weights];
      files.push(...(await downloader.ensure(pick(parts))));
      return files;
    } finally {
      await unlock();
    }
  } catch (error) {
    if (signal.aborted) throw interrupted(downloader, folder, error);
    const cached = caches.find((cache) => existsSync(path.join(cache, 'config.json')));
    if (error instanceof UserError && error.code === 'network-unreachable' && cached !== undefined) {
      onNote(`The cache of ModelScope's client has this model: without a network, compile ${cached}.`);
    }
    throw error;
  } finally {
    await client.close();
  }
}

/** Refuses a folder with another model's weights that compiling would prefer to the downloaded ones. */
function refuseOtherWeights(folder: string, weights: string): void {
  for (const name of WEIGHT_FILES.slice(0, WEIGHT_FILES.indexOf(weights))) {
    if (!existsSync(path.join(folder, name))) continue;
    throw new UserError(
      'output-not-writable',
      `${folder} holds a ${name} of another model, which would be compiled instead of ${weights}: ` +
        'choose another folder.',
    );
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

function interrupted({ progress: { done, total } }: Downloader, folder: string, cause: unknown): UserError {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  const kept = total === 0 ? '' : `: ${megabytes(done)} of ${megabytes(total)} are in ${folder}`;
  return new UserError('interrupted', `Interrupted${kept}; run the same command again to resume.`, { cause });
}
