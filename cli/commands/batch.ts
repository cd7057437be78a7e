import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { DEFAULT_NAMES } from '../../batch/input/columns.ts';
import { mergeRuns } from '../../batch/merge.ts';
import { withRunOptions, type RunOptions } from '../../batch/options.ts';
import type { Tally } from '../../batch/output/outcome.ts';
import { runBatch, type BatchResult } from '../../batch/run.ts';
import { chooseShard } from '../../batch/shard.ts';
import { closeS3 } from '../../batch/storage/s3.ts';
import { withoutQueueLimit } from '../../service/inference/open-engines.ts';
import { openModel } from '../../service/inference/open-model.ts';
import { readSettings } from '../../service/settings/read.ts';
import { batchReporter } from '../batch-progress.ts';
import { duration, table } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { chosenModel, type ModelOptions, withModelOptions } from '../model-options.ts';

/** Exit code of a run in which every row has an outcome, and some have failed. */
const SOME_FAILED = 3;

type BatchOptions = ModelOptions & RunOptions;

/** `ofa-ve batch`: answers many rows, and goes on after an interruption. */
export function batchCommand(): Command {
  const command = withRunOptions(withModelOptions(new Command('batch')))
    .summary('answer a file of rows or a folder of pictures')
    .description(
      'Judges every row of a file, or every picture of a folder, exactly as the server does, and writes the results as part files. The same command goes on after it was interrupted or killed.',
    )
    .usage('--model <package> --input <input> --output <folder> [options]')
    .enablePositionalOptions()
    .allowExcessArguments()
    .addHelpText(
      'after',
      '\nExit codes: 0 every row has an answer, 3 every row has an outcome but some failed, 1 the run cannot go on, 2 wrong usage or settings, 130 interrupted.\nSettings such as DEVICE, MAX_BATCH and LABELS are environment variables, as for ofa-ve serve. Input, images and output may be addresses such as s3://bucket/folder; credentials, region and endpoint are those of the AWS SDK.',
    );
  return command
    .action(async (options: BatchOptions) => {
      const [word] = command.args;
      const { output } = options;
      if (word !== undefined && (options.input ?? options.images) !== undefined) {
        return command.error(
          `error: unexpected argument '${word}': --input and --images take one value each; put a pattern in quotes`,
        );
      }
      if (word !== undefined) await refuseWord(command, word);
      const [input, images] = options.input === undefined ? [options.images] : [options.input, options.images];
      if (input === undefined) return command.error("error: required option '--input <input>' not specified");
      if (output === undefined) return command.error("error: required option '--output <folder>' not specified");
      const model = await chosenModel(options, command);
      const result = await interruptible((signal) => run({ ...options, model, input, images, output }, signal));
      console.log(summary(result.tally, result));
      if (result.tally.failedRows > 0 && !options.allowFailures) process.exitCode = SOME_FAILED;
    })
    .addCommand(mergeCommand());
}

/** Reports an unknown command, with a suggestion: Commander does so itself only for commands without an action. */
async function refuseWord(command: Command, word: string): Promise<void> {
  const withoutAction = new Command().copyInheritedSettings(command).helpCommand(false).addCommand(mergeCommand());
  await withoutAction.parseAsync([word], { from: 'user' });
}

function mergeCommand(): Command {
  return new Command('merge')
    .summary('join results to one file')
    .description('Checks that the results of a run, or of all its shards, are complete, and joins them to one file.')
    .argument('<folders...>', 'folders of results')
    .requiredOption('--output <file>', 'file for all rows in the order of the input (.parquet, or JSON Lines)')
    .action(async (folders: string[], { output }: { output: string }) => {
      console.log(summary(await mergeRuns(folders, output).finally(closeS3)));
    });
}

async function run(
  options: Omit<BatchOptions, 'images'> & {
    readonly model: string;
    readonly input: string;
    readonly images: string | undefined;
    readonly output: string;
  },
  signal: AbortSignal,
): Promise<BatchResult> {
  const {
    input,
    format,
    images,
    allowOutside = false,
    allowHost = [],
    column = DEFAULT_NAMES,
    text = [],
    output,
    partRows,
    maxFailures,
  } = options;
  limitGarbage();
  const shard = chooseShard(options.shard, options.shards, process.env['JOB_COMPLETION_INDEX']);
  const settings = withoutQueueLimit(readSettings(process.env));
  const model = await openModel(options.model, settings);
  const reporter = batchReporter();
  try {
    return await runBatch({
      model,
      settings,
      source: { input, format, images, allowOutside },
      names: column,
      texts: text,
      output,
      hosts: allowHost,
      shard,
      partRows,
      maxFailures,
      imagesMoved: options.imagesMoved === true,
      signal,
      onProgress: reporter.update,
    });
  } finally {
    reporter.stop();
    await Promise.all([model.close(), closeS3()]);
  }
}

/**
 * Lets V8 collect garbage when the heap is 30 % larger than what is alive. By default, it waits for four times as much in a
 * program that makes as much garbage as reading rows does: over 200,000 rows, the peak was 260 MB instead of 175, at the
 * same rate.
 */
function limitGarbage(): void {
  setFlagsFromString('--heap-growing-percent=30');
}

function summary({ rows, failedRows, answers, failures }: Tally, result?: BatchResult): string {
  const byCount = (counts: ReadonlyMap<string, number>): string[][] =>
    [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => [`  ${name}`, String(count)]);
  const lines = [
    ['rows', String(rows)],
    ['answers', String([...answers.values()].reduce((sum, count) => sum + count, 0))],
    ...byCount(answers),
    ['failed rows', String(failedRows)],
    ...byCount(failures),
  ];
  const counts = table(lines, ['start', 'end']);
  if (result === undefined) return counts;
  const { computed, seconds, folder } = result;
  const none = rows === 0 ? 'There was no row to compute' : 'No row was left to compute';
  const work =
    computed === 0
      ? none
      : `${computed} ${computed === 1 ? 'row' : 'rows'} computed in ${duration(seconds)}, ${(computed / seconds).toFixed(1)} rows/s`;
  return `${counts}\n\n${work}; the results are in ${folder}.`;
}
