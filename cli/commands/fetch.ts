import { Command } from 'commander';
import type { FetchedFile } from '../../model/fetch/downloader.ts';
import { DEFAULT_PRESET, type Preset, PRESETS } from '../../model/fetch/presets.ts';
import {
  checkpointFolder,
  fetchCheckpoint,
  type FetchCommandOptions,
  sourceOf,
  withFetchOptions,
} from '../fetch-checkpoint.ts';
import { bytes, table } from '../format.ts';

/** `ofa-ve fetch`: downloads a published checkpoint. */
export function fetchCommand(): Command {
  return withFetchOptions(new Command('fetch'))
    .summary('fetch a published checkpoint')
    .description(
      'Downloads the files of a published checkpoint that compiling needs from ModelScope, and verifies the SHA-256 of each. Files that are already there and right are kept; those in the cache of the Python package modelscope are copied.',
    )
    .argument('[model]', 'preset or model id', DEFAULT_PRESET)
    .argument('[folder]', 'folder to download into (default: .cache/checkpoints/<preset or model id>)')
    .addHelpText('after', () => `\nPresets:\n${presets()}`)
    .action(async (model: string, folder: string | undefined, options: FetchCommandOptions) => {
      const source = sourceOf(model, options);
      const target = folder ?? checkpointFolder(source);
      const files = await fetchCheckpoint(source, target);
      console.log(`${target}: ${summary(files)}.\nCompile it: npx ofa-ve compile ${target} <package-folder>`);
    });
}

/** Summarizes a fetched checkpoint, for the middle of a sentence. */
export function summary(files: readonly FetchedFile[]): string {
  const total = bytes(files.reduce((sum, file) => sum + file.bytes, 0));
  const count = (origin: FetchedFile['origin'], text: string): string => {
    const found = files.filter((file) => file.origin === origin).length;
    return found === 0 ? '' : `, ${found === files.length ? 'all' : found} ${text}`;
  };
  const sources = count('folder', 'already there') + count('cache', "copied from ModelScope's cache");
  return `${files.length} files, ${total}, SHA-256 verified${sources}`;
}

function presets(): string {
  const rows = Object.entries<Preset>(PRESETS).map(([name, { id, checkpointBytes, resources }]) => [
    `  ${name}`,
    id,
    `about ${bytes(checkpointBytes)},`,
    machine(resources),
  ]);
  return table(rows, ['start', 'start', 'end', 'start']);
}

/** Describes the machine that a preset needs. */
function machine({ gpus, requests, limits }: Preset['resources']): string {
  const gpu = gpus === 0 ? 'no GPU' : `${gpus} GPU${gpus === 1 ? '' : 's'}`;
  return `serves on ${gpu}, ${requests.cpu} to ${limits.cpu} CPUs, ${requests.memory} to ${limits.memory} of memory`;
}
