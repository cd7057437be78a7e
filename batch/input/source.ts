import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isDynamicPattern } from 'tinyglobby';
import { UserError } from '../../model/errors.ts';
import { openRegular } from '../../model/regular-file.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { readDelimited } from './delimited.ts';
import { readJsonl } from './jsonl.ts';
import { picturesMatching, picturesOf } from './pictures.ts';
import type { ColumnNames, RawRow } from './row.ts';

/** The formats of files with rows. */
export const FORMATS = ['jsonl', 'csv', 'tsv'] as const;
type Format = (typeof FORMATS)[number];

const FORMAT_OF_ENDING: Readonly<Record<string, Format>> = {
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
};

/** The input of a run, which can be read more than once. */
export interface Source {
  /** What the user calls it. */
  readonly name: string;
  /** The folder of relative paths in the rows. */
  readonly images: string;
  /** Whether the pictures may be anywhere: the user has named each of them. */
  readonly isAnywhere: boolean;
  /**
   * Reads all rows.
   *
   * @param onBytes called with all that is read, in order
   * @throws UserError `input-unreadable`
   */
  readonly rows: (onBytes?: (bytes: Uint8Array) => void) => AsyncIterable<RawRow>;
  /** Changes when the input's file does. */
  readonly stamp: () => Promise<string>;
}

export interface SourceOptions {
  /** A file, a folder of pictures, a pattern of picture files, or `-` for standard input. */
  readonly input: string;
  /** @default by the file's ending */
  readonly format: Format | undefined;
  /** @default the folder of the input's file */
  readonly images: string | undefined;
  /** Whether links may lead out of a folder of pictures. */
  readonly allowOutside: boolean;
  readonly names: ColumnNames;
  /** A file to which standard input is copied, so that it can be read twice. */
  readonly copy: string;
}

/**
 * Finds out what the input is.
 *
 * @throws UserError `input-unreadable` or `settings-invalid`
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  const { input, images, copy } = options;
  if (input === '-') {
    if (options.format === undefined) {
      throw new UserError('settings-invalid', `Standard input needs --format: one of ${FORMATS.join(', ')}.`);
    }
    await pipeline(process.stdin, createWriteStream(copy)).catch((cause: unknown) => {
      throw new UserError('input-unreadable', `Cannot copy standard input to ${copy}: ${reasonOf(cause)}.`, { cause });
    });
    return fileSource(copy, 'standard input', options.format, images ?? '.', options.names);
  }
  const found = await stat(input).catch((cause: unknown) => {
    if (isDynamicPattern(input)) return undefined;
    throw new UserError('input-unreadable', `Cannot read the input ${input}: ${reasonOf(cause)}.`, { cause });
  });
  if (found !== undefined && !found.isDirectory()) {
    return fileSource(input, input, formatOf(options), images ?? path.dirname(input), options.names);
  }
  if (images !== undefined || options.format !== undefined) {
    throw new UserError('settings-invalid', 'A folder or pattern of pictures takes neither --images nor --format.');
  }
  const files = found ? await picturesOf(input, options.allowOutside) : await picturesMatching(input);
  return listSource(files, input, found ? input : '.', found === undefined, options.names);
}

function formatOf({ input, format }: SourceOptions): Format {
  const known = format ?? FORMAT_OF_ENDING[path.extname(input).toLowerCase()];
  if (known !== undefined) return known;
  const endings = Object.keys(FORMAT_OF_ENDING).join(', ');
  const message = `The input ${input} has none of the endings ${endings}; name its format with --format.`;
  throw new UserError('settings-invalid', message);
}

function fileSource(file: string, name: string, format: Format, images: string, names: ColumnNames): Source {
  const rows = (onBytes?: (bytes: Uint8Array) => void): AsyncIterable<RawRow> => {
    const chunks = chunksOf(file, name, onBytes);
    return format === 'jsonl' ? readJsonl(chunks) : readDelimited(chunks, format, names);
  };
  const stamp = async (): Promise<string> => {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  };
  return { name, images, isAnywhere: false, rows, stamp };
}

async function* chunksOf(
  file: string,
  name: string,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const handle = await openRegular(file).catch((cause: unknown) => {
    throw new UserError('input-unreadable', `Cannot read the input ${name}: ${reasonOf(cause)}.`, { cause });
  });
  for await (const chunk of handle.createReadStream({ highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>) {
    onBytes?.(chunk);
    yield chunk;
  }
}

/** A row for each picture, whose id is its path. */
function listSource(
  files: readonly string[],
  name: string,
  images: string,
  isAnywhere: boolean,
  names: ColumnNames,
): Source {
  async function* rows(onBytes?: (bytes: Uint8Array) => void): AsyncGenerator<RawRow> {
    for (const file of files) {
      onBytes?.(Buffer.from(`${file}\0`));
      // eslint-disable-next-line @typescript-eslint/await-thenable -- lets other work run
      yield await { fields: { [names.id]: file, [names.image]: file } };
    }
  }
  return { name, images, isAnywhere, rows, stamp: () => Promise.resolve('') };
}
