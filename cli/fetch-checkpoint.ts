import path from 'node:path';
import type { Command } from 'commander';
import type { FetchedFile } from '../model/fetch/downloader.ts';
import { fetchModel } from '../model/fetch/fetch-model.ts';
import { cacheFolders } from '../model/fetch/modelscope-cache.ts';
import { PRESETS } from '../model/fetch/presets.ts';
import { DEFAULT_ENDPOINT, modelSource, type ModelSource } from '../model/fetch/source.ts';
import { interruptible } from './interrupt.ts';
import { progressBar } from './progress.ts';

/** The branch that every repository has. */
const DEFAULT_REVISION = 'master';

/** Options of the commands that fetch. */
export interface FetchCommandOptions {
  readonly endpoint?: string;
  readonly revision: string;
}

/** Adds the options for fetching to a command. */
export function withFetchOptions(command: Command): Command {
  return command
    .option(
      '--endpoint <address>',
      `root of a server with ModelScope's API (default: $MODELSCOPE_ENDPOINT, $MODELSCOPE_DOMAIN or ${DEFAULT_ENDPOINT})`,
    )
    .option('--revision <name>', "branch, tag or commit of the model's repository", DEFAULT_REVISION)
    .addHelpText(
      'after',
      "\nMODELSCOPE_API_TOKEN gives access to private models. Files in the cache of ModelScope's own client (MODELSCOPE_CACHE) are not downloaded again. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. To resume an interrupted fetch, run the same command again.",
    );
}

/** Resolves a model argument, with the endpoint and the token from the options or the environment. */
export function sourceOf(model: string, { endpoint, revision }: FetchCommandOptions): ModelSource {
  const hub = endpoint ?? variable('MODELSCOPE_ENDPOINT') ?? variable('MODELSCOPE_DOMAIN');
  return modelSource(model, revision, hub, variable('MODELSCOPE_API_TOKEN'));
}

/** An environment variable; an empty one counts as unset. */
function variable(name: string): string | undefined {
  const value = process.env[name]?.trim() ?? '';
  return value === '' ? undefined : value;
}

/**
 * Where a model's folders are below `checkpoints` and `packages` of a cache: `large`, or `OWNER/NAME` if it is not a preset,
 * with `@REVISION` if that is not the default. No two models share one.
 */
export function modelPath({ id, revision }: ModelSource): string {
  const [preset] = Object.entries(PRESETS).find((entry) => entry[1].id === id) ?? [];
  const suffix = revision === DEFAULT_REVISION ? '' : `@${encodeURIComponent(revision)}`;
  return path.join(...(preset ?? id).split('/')) + suffix;
}

/** The default folder for a model's checkpoint. */
export function checkpointFolder(source: ModelSource, cache = '.cache'): string {
  return path.join(cache, 'checkpoints', modelPath(source));
}

/** Fetches with a progress bar. After Ctrl-C, the next fetch resumes. */
export async function fetchCheckpoint(source: ModelSource, folder: string): Promise<FetchedFile[]> {
  const bar = progressBar({ fetch: 'fetching' });
  try {
    return await interruptible((signal) =>
      fetchModel(source, folder, {
        caches: cacheFolders(source),
        signal,
        onNote: bar.note,
        onProgress: (progress) => {
          bar.update({ stage: 'fetch', ...progress });
        },
      }),
    );
  } finally {
    bar.stop();
  }
}
