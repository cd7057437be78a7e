import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { FetchedFile } from '../model/fetch/downloader.ts';
import { fetchModel } from '../model/fetch/fetch-model.ts';
import { cacheFolders } from '../model/fetch/modelscope-cache.ts';
import { DEFAULT_ENDPOINT, isAddress, modelSource, type ModelSource, withToken } from '../model/fetch/source.ts';
import { interruptible } from './interrupt.ts';
import { FETCH_STAGES, progressBar } from './progress.ts';

/** Options of the commands that fetch. */
export interface FetchCommandOptions {
  readonly endpoint?: string;
  readonly revision: string;
  readonly connections: number;
}

const MAX_CONNECTIONS = 16;

/** Adds the options for fetching to a command. */
export function withFetchOptions(command: Command): Command {
  return command
    .option(
      '--endpoint <address>',
      `root of a server with ModelScope's API (default: $MODELSCOPE_ENDPOINT, $MODELSCOPE_DOMAIN or ${DEFAULT_ENDPOINT})`,
    )
    .option('--revision <name>', "branch, tag or commit of the model's repository", 'master')
    .option('--connections <n>', `files downloaded at a time, at most ${MAX_CONNECTIONS}`, connections, 4)
    .addHelpText(
      'after',
      "\nMODELSCOPE_API_TOKEN gives access to private models. Files in the cache of ModelScope's own client (MODELSCOPE_CACHE) are not downloaded again. HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured. To resume an interrupted fetch, run the same command again.",
    );
}

/** Resolves a model argument, with the endpoint and the token from the options or the environment. */
export function sourceOf(model: string, { endpoint }: FetchCommandOptions): ModelSource {
  const hub = endpoint ?? variable('MODELSCOPE_ENDPOINT') ?? variable('MODELSCOPE_DOMAIN');
  const source = modelSource(model, isAddress(model) ? endpoint : hub);
  const token = variable('MODELSCOPE_API_TOKEN');
  return token === undefined ? source : withToken(source, token, hub);
}

/** An environment variable; an empty one counts as unset. */
function variable(name: string): string | undefined {
  const value = process.env[name]?.trim() ?? '';
  return value === '' ? undefined : value;
}

/** The default folder for a model's checkpoint. */
export function checkpointFolder(source: ModelSource, cache = '.cache'): string {
  return path.join(cache, 'checkpoints', source.preset ?? path.posix.basename(source.id));
}

/** Fetches with a progress bar. After Ctrl-C, the next fetch resumes. */
export async function fetchCheckpoint(
  source: ModelSource,
  folder: string,
  { revision, connections }: FetchCommandOptions,
): Promise<FetchedFile[]> {
  const bar = progressBar(FETCH_STAGES);
  try {
    return await interruptible((signal) =>
      fetchModel(source, folder, {
        revision,
        connections,
        caches: cacheFolders(source.id, revision),
        signal,
        onNote: bar.note,
        // Only a download has a rate to show.
        onProgress: ({ stage, done, total, received }) => {
          bar.update({ stage, done, total, ...(stage === 'fetch' && { received }) });
        },
      }),
    );
  } finally {
    bar.stop();
  }
}

function connections(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > MAX_CONNECTIONS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_CONNECTIONS}.`);
  }
  return value;
}
