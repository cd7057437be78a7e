import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { refuseEmptyValues } from '../model/options/empty-values.ts';
import { hypothesis } from '../model/options/hypothesis.ts';
import { wholeNumber } from '../model/options/number.ts';
import { COLUMNS, DEFAULT_NAMES, type ColumnNames } from './input/columns.ts';
import { FORMATS, type Format } from './input/formats.ts';

const DEFAULT_PART_ROWS = 10_000;

/** What the options of a run say, beside the model. */
export interface RunOptions {
  readonly allowFailures?: true;
  readonly input?: string;
  readonly output?: string;
  readonly format?: Format;
  readonly images?: string;
  readonly imagesMoved?: true;
  readonly allowOutside?: true;
  readonly allowHost?: readonly string[];
  readonly column?: ColumnNames;
  readonly text?: readonly string[];
  readonly partRows: number;
  readonly maxFailures?: number;
  readonly shard?: string;
  readonly shards?: string;
}

/** Adds the options of a run to a command. */
export function withRunOptions(command: Command): Command {
  return command
    .option(
      '--input <input>',
      'file of rows (.jsonl, .csv, .tsv, .parquet), WebDataset shard (.tar), folder of pictures or rows, quoted pattern of any of these files, or - for standard input (default: --images)',
    )
    .option(
      '--output <folder>',
      'folder for the results; one whose name ends with .parquet gets Parquet, others JSON Lines',
    )
    .addOption(new Option('--format <format>', "format of the rows (default: by the file's ending)").choices(FORMATS))
    .option(
      '--images <images>',
      'folder that image paths in the rows are relative to (default: that of the input file), or a tar or quoted pattern of tars with them',
    )
    .option('--images-moved', 'go on with a run whose images were at another place')
    .option('--allow-outside', 'read images outside of that folder, too')
    .option('--allow-host <host>', 'fetch https images from this host; may be repeated', append)
    .option('--column <name=column>', "the input's name for a column; may be repeated: image=photo", toColumns)
    .option('--text <text>', 'hypothesis for rows that have none; may be repeated', appendText)
    .option('--part-rows <number>', 'rows of each part file', wholeNumber(1), DEFAULT_PART_ROWS)
    .option('--max-failures <number>', 'stop when more rows have failed (default: never)', wholeNumber(0))
    .option('--allow-failures', 'exit with 0, not 3, when some rows have failed')
    .option('--shard <I/N>', 'only shard I of N, from 0')
    .option('--shards <N>', 'only one of N shards, that of JOB_COMPLETION_INDEX');
}

/**
 * Why `ofa-ve batch` would refuse options, or print its help instead of a run, as the end of a sentence.
 *
 * @returns undefined if it takes them
 */
export function refusalOf(options: readonly string[]): string | undefined {
  const command = withRunOptions(new Command('batch'))
    .helpOption(false)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  try {
    command.parse(options, { from: 'user' });
    refuseEmptyValues(command);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.message.replace(/^error: |\.$/g, '').replace('\n', ' ');
  }
  const [word] = command.args;
  return word === undefined ? undefined : `'${word}' is neither an option nor the value of one`;
}

function append(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function appendText(value: string, previous: readonly string[] = []): readonly string[] {
  return append(hypothesis(value), previous);
}

function toColumns(value: string, previous = DEFAULT_NAMES): ColumnNames {
  const [, name = '', column = ''] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
  if (column !== '' && Object.hasOwn(previous, name)) return { ...previous, [name]: column };
  throw new InvalidArgumentError(`It must be NAME=COLUMN, where NAME is one of ${COLUMNS.join(', ')}.`);
}
