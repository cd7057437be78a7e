import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  DEFAULT_ENDPOINT,
  ENDPOINT_VARIABLE,
  type FetchedFile,
  fetchModel,
  isAddress,
  modelSource,
  type ModelSource,
} from '../model/fetch/index.ts';
import { interruptible } from './interrupt.ts';
import { FETCH_STAGES, progressBar } from './progress.ts';

/** Options of every command that fetches. */
export interface FetchCommandOptions {
  readonly endpoint?: string;
  readonly revision: string;
  readonly connections: number;
}

const MOST_CONNECTIONS = 16;

/** Adds the options of fetching to a command. */
export function withFetchOptions(command: Command): Command {
  return command
    .option(
      '--endpoint <address>',
      `root of a server with ModelScope's API (default: ${ENDPOINT_VARIABLE}, or else ${DEFAULT_ENDPOINT})`,
    )
    .option('--revision <name>', "branch, tag or commit of the model's repository", 'master')
    .option('--connections <n>', `pieces fetched at a time, at most ${MOST_CONNECTIONS}`, connections, 4)
    .addHelpText(
      'after',
      '\nHTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured. An interrupted fetch goes on where it was when the same command is run again.',
    );
}

/** What a word of a user means, with the endpoint that the options or the environment give. */
export function sourceOf(word: string, { endpoint }: FetchCommandOptions): ModelSource {
  const fromEnvironment = process.env[ENDPOINT_VARIABLE]?.trim() ?? '';
  if (endpoint !== undefined || fromEnvironment === '' || isAddress(word)) return modelSource(word, endpoint);
  return modelSource(word, fromEnvironment);
}

/** Where a model is fetched to unless a folder is given, below a folder for such things. */
export function checkpointFolder(source: ModelSource, cache = '.cache'): string {
  return path.join(cache, 'checkpoints', source.preset ?? path.posix.basename(source.id));
}

/** Fetches with a progress bar; Ctrl-C keeps what is there. */
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
        signal,
        onNote: bar.note,
        // Reading a disk is no transfer: it has no rate to show.
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
  if (!Number.isSafeInteger(value) || value < 1 || value > MOST_CONNECTIONS) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_CONNECTIONS}.`);
  }
  return value;
}
