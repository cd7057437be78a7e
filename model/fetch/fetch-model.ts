import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAnswersFileName, readConfig } from '../compile/checkpoint/config.ts';
import { readPartNames } from '../compile/checkpoint/shards.ts';
import { WEIGHT_FILES } from '../compile/checkpoint/weights.ts';
import { UserError } from '../errors.ts';
import { reasonOf } from '../system-reason.ts';
import { Downloader, type FetchContext, type FetchedFile } from './downloader.ts';
import { lockFolder } from './folder-lock.ts';
import { HttpClient } from './http.ts';
import { pickFiles, readListing, weightsName } from './listing.ts';
import { PRESETS } from './presets.ts';
import { retrying } from './retry.ts';
import type { ModelSource } from './source.ts';

/** How a model is fetched. Defaults: revision master, 4 files at a time, no caches. */
export interface FetchOptions extends Partial<Omit<FetchContext, 'client' | 'source' | 'folder'>> {
  /** How long a server may be silent, in milliseconds. Default: 30 s. */
  readonly stallMs?: number;
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
  { stallMs = 30_000, ...options }: FetchOptions = {},
): Promise<FetchedFile[]> {
  const context: FetchContext = {
    client: new HttpClient(stallMs, source.authorization),
    source,
    folder,
    revision: 'master',
    connections: 4,
    caches: [],
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onNote: () => undefined,
    wait: (ms, signal) => sleep(ms, undefined, { signal }),
    ...options,
  };
  try {
    return await fetchFiles(context);
  } catch (error) {
    throw asUserError(error, context);
  } finally {
    await context.client.close();
  }
}

async function fetchFiles(context: FetchContext): Promise<FetchedFile[]> {
  const { client, source, folder, revision, signal } = context;
  const listing = await retrying(() => readListing(client, source, revision, signal), context);
  const pick = (names: readonly string[]) => pickFiles(listing, names, source);
  const weights = weightsName(listing);
  const isIndex = weights.endsWith('.json');
  pick([...DESCRIPTIONS, weights]);
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  try {
    refuseOtherWeights(folder, weights);
    const downloader = new Downloader(context);
    const files = await downloader.ensure(pick(isIndex ? [...DESCRIPTIONS, weights] : DESCRIPTIONS));
    files.push(...(await downloader.ensure(pick([await readAnswersFileName(folder)]))));
    await checkConfiguration(source, folder);
    const parts = isIndex ? await readPartNames(path.join(folder, weights)) : [weights];
    files.push(...(await downloader.ensure(pick(parts))));
    return files;
  } finally {
    await unlock();
  }
}

/** Turns an interruption and the errors of file system calls into sentences. */
function asUserError(error: unknown, { signal, folder, caches, onNote }: FetchContext): unknown {
  if (signal.aborted) {
    return new UserError('interrupted', 'Interrupted; run the same command again to resume.', { cause: error });
  }
  if (error instanceof UserError) {
    const cached = caches.find((cache) => existsSync(path.join(cache, 'config.json')));
    if (error.code === 'network-unreachable' && cached !== undefined) {
      onNote(`The cache of ModelScope's client has this model: without a network, compile ${cached}.`);
    }
    return error;
  }
  if (!(error instanceof Error && 'syscall' in error)) return error;
  const { code, path: target = folder, dest = target } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  const advice = isFull ? '; free some space and run the same command again' : '';
  const message = `${dest} cannot be used: ${reasonOf(error)}${advice}.`;
  return new UserError(isFull ? 'disk-full' : 'output-not-writable', message, { cause: error });
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
