import { Command } from 'commander';
import {
  DEFAULT_PRESET,
  type FetchedFile,
  type Preset,
  type PresetResources,
  PRESETS,
} from '../../model/fetch/index.ts';
import {
  checkpointFolder,
  fetchCheckpoint,
  type FetchCommandOptions,
  sourceOf,
  withFetchOptions,
} from '../fetch-checkpoint.ts';
import { bytes, table } from '../format.ts';

/** `ofa-ve fetch`: a published checkpoint into a folder. */
export function fetchCommand(): Command {
  return withFetchOptions(new Command('fetch'))
    .summary('fetch a published checkpoint')
    .description(
      'Fetches what compiling needs of a published checkpoint from ModelScope, and checks the SHA-256 of every file. What is there and right is not fetched again.',
    )
    .argument('[model]', "preset, model id, or address of the model's page", DEFAULT_PRESET)
    .argument('[folder]', 'folder to fetch into (default: .cache/checkpoints/<preset or name>)')
    .addHelpText('after', () => `\nPresets:\n${presets()}`)
    .action(async (model: string, folder: string | undefined, options: FetchCommandOptions) => {
      const source = sourceOf(model, options);
      const target = folder ?? checkpointFolder(source);
      const files = await fetchCheckpoint(source, target, options);
      console.log(`${target}: ${summary(files)}.\nCompile it: npx ofa-ve compile ${target} <package-folder>`);
    });
}

/** What there is of a fetched checkpoint: the middle of a sentence. */
export function summary(files: readonly FetchedFile[]): string {
  const total = bytes(files.reduce((sum, file) => sum + file.bytes, 0));
  const kept = files.filter((file) => file.kept).length;
  const before = kept === 0 ? '' : kept === files.length ? ', all there before' : `, ${kept} there before`;
  return `${files.length} files, ${total}, SHA-256 as published${before}`;
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

/** Where a preset runs: the rest of its line. */
function machine({ gpus, requests, limits }: PresetResources): string {
  const gpu = gpus === 0 ? 'no GPU' : `${gpus} GPU${gpus === 1 ? '' : 's'}`;
  return `serves on ${gpu}, ${requests.cpu} to ${limits.cpu} CPUs, ${requests.memory} to ${limits.memory} of memory`;
}
