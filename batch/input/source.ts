import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { abortable } from '../../model/abort.ts';
import { UserError } from '../../model/errors.ts';
import { FORMAT_BYTES, formatOf as pictureFormatOf } from '../../model/image-format.ts';
import { reasonOf } from '../../model/system-reason.ts';
import { notReadable, openDiskFile, type FoundFiles, type InputFile } from '../storage/file.ts';
import { isResultFile } from '../output/part-file.ts';
import { absolute, findFiles, folderOf, inFolder, openFile } from '../storage/files.ts';
import type { ColumnNames } from './columns.ts';
import { FORMAT_OF_ENDING, FORMATS, formatOf, type Format } from './formats.ts';
import { partitionColumns, tableFolder, withPartition, type Partition } from './partitions.ts';
import { isPicture, PICTURE_ENDINGS } from './pictures.ts';
import { readRows } from './read-rows.ts';
import type { RawRow } from './row.ts';

/** Those of files with rows, for a sentence. */
const ENDINGS = Object.keys(FORMAT_OF_ENDING).join(', ');

/** The input of a run, which can be read more than once. */
export interface Source {
  /** What the user calls it. */
  readonly name: string;
  /** Where the pictures are that rows name; undefined if the rows have their pictures with them. */
  readonly images: string | undefined;
  /** Whether pictures outside of the folder are allowed, as the user has named each of them. */
  readonly isAnywhere: boolean;
  /**
   * Reads all rows.
   *
   * @param onBytes called with all that is read, in order
   * @throws UserError `input-unreadable`
   */
  readonly rows: (onBytes?: (bytes: Uint8Array) => void) => AsyncIterable<RawRow>;
  /**
   * Reads the rows from the file that has a row, when all rows have been read before.
   *
   * @returns the number of the first row, at most `row`, and the rows
   */
  readonly rowsFrom: (row: number) => { readonly first: number; readonly rows: AsyncIterable<RawRow> };
  /** Changes when one of the input's files does. */
  readonly stamp: () => Promise<string>;
}

export interface SourceOptions {
  /** A file, a folder or a pattern of files, on a disk or in a bucket, or `-` for standard input. */
  readonly input: string;
  /** @default by the files' ending */
  readonly format: Format | undefined;
  /** A folder, a tar or a pattern of tars. @default the folder of the input's files */
  readonly images: string | undefined;
  /** Whether links may lead out of a folder of pictures. */
  readonly allowOutside: boolean;
  readonly names: ColumnNames;
  /** The folder of the run's results, which are no input even where it is in a folder of the input. */
  readonly output: string;
  /** A file to which standard input is copied, so that it can be read twice. */
  readonly copy: string;
  /** Ends the copying, and what else takes long. */
  readonly signal: AbortSignal;
}

/**
 * Finds out what the input is.
 *
 * @throws UserError `input-unreadable` or `settings-invalid`
 */
export async function openSource(options: SourceOptions): Promise<Source> {
  const { input, images, format, copy, names, allowOutside, output, signal } = options;
  if (input === '-') {
    if (format === undefined) {
      throw new UserError('settings-invalid', `Standard input needs --format: one of ${FORMATS.join(', ')}.`);
    }
    await pipeline(process.stdin, createWriteStream(copy), { signal }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new UserError('input-unreadable', `Cannot copy standard input to ${copy}: ${reasonOf(cause)}.`, { cause });
    });
    const open = (): Promise<InputFile> => openDiskFile(copy, 'standard input');
    return rowSource({
      name: 'standard input',
      format,
      images: images ?? '.',
      names,
      files: [{ open, partition: {} }],
    });
  }
  const found = withoutResults(await abortable(findFiles(input, allowOutside), signal), input, output);
  const rowFormat = formatOfAll(found, options);
  if (rowFormat === undefined) {
    if (found.kind === 'pattern') await abortable(refuseOthers(found.names, input), signal);
    if (images !== undefined || format !== undefined) {
      throw new UserError('settings-invalid', 'A folder or pattern of pictures takes neither --images nor --format.');
    }
    return pictureSource(found, input, names);
  }
  const isFolder = found.kind === 'folder';
  const files = isFolder ? rowFilesOf(found.names, format) : found.names;
  const folders = files.map((file) => (isFolder ? inFolder(input, tableFolder(file)) : folderOf(file)));
  return rowSource({
    name: input,
    format: rowFormat,
    images: rowFormat === 'tar' ? undefined : (images ?? commonFolder(folders)),
    names,
    files: files.map((file) => ({
      open: () => openFile(isFolder ? inFolder(input, file) : file),
      partition: found.kind === 'file' ? {} : partitionColumns(file),
    })),
  });
}

/** Leaves out what runs have written: the same command would otherwise find another input than before. */
function withoutResults(found: FoundFiles, input: string, output: string): FoundFiles {
  if (found.kind === 'file') return found;
  const results = `${absolute(output).replace(/\/+$/, '')}/`;
  const isResult = (name: string): boolean => {
    if (!name.includes('part-')) return false;
    const address = absolute(found.kind === 'folder' ? inFolder(input, name) : name);
    return address.startsWith(results) && isResultFile(address.slice(results.length));
  };
  return { ...found, names: found.names.filter((name) => !isResult(name)) };
}

/**
 * The format of the files with rows.
 *
 * @returns undefined if the files are pictures
 */
function formatOfAll({ kind, names }: FoundFiles, { input, format }: SourceOptions): Format | undefined {
  if (kind === 'file') return format ?? formatOfFile(input);
  if (kind === 'folder' && names.some(isPicture)) return undefined;
  const rowFiles = kind === 'folder' ? rowFilesOf(names, format) : names;
  if (kind === 'folder' && format !== undefined && rowFiles.length > 0) return format;
  const formats = new Set(rowFiles.map((name) => formatOf(name)));
  const [first, second] = formats;
  if (formats.size > 1) {
    const message = `The input ${input} has files of several kinds (${first ?? 'pictures'}, ${second ?? 'pictures'}): give those of one kind, by a pattern such as ${inFolder(input, `*.${first ?? 'jpg'}`)}.`;
    throw new UserError('input-unreadable', message);
  }
  if (kind === 'pattern' || first !== undefined) return format ?? first;
  for (const name of names) refusePacked(inFolder(input, name));
  const endings = [...PICTURE_ENDINGS, ...Object.keys(FORMAT_OF_ENDING).map((ending) => ending.slice(1))].join(', ');
  throw new UserError('input-unreadable', `The folder ${input} has no pictures and no rows (${endings}).`);
}

/**
 * The files of a folder that have rows: with a given format those with its endings or, if there are none, all. Those that
 * begin with `_` are what writers of tables keep beside the rows, such as `_SUCCESS` and `_delta_log`.
 */
function rowFilesOf(names: readonly string[], format: Format | undefined): readonly string[] {
  const visible = names.filter((name) => !/(?:^|\/)_/.test(name));
  const known = visible.filter((name) => formatOf(name) !== undefined && (format ?? formatOf(name)) === formatOf(name));
  // JSON beside other files of rows says something about them.
  const others = known.filter((name) => !/\.json$/i.test(name));
  if (others.length > 0) return others;
  return known.length > 0 || format === undefined ? known : visible;
}

function formatOfFile(input: string): Format {
  const known = formatOf(input);
  if (known !== undefined) return known;
  refusePacked(input);
  const message = `The input ${input} has none of the endings ${ENDINGS}; name its format with --format.`;
  throw new UserError('settings-invalid', message);
}

function refusePacked(input: string): void {
  const packed = /\.(?:gz|tgz|zst|xz|bz2|zip)$/i.exec(input)?.[0];
  if (packed === undefined) return;
  const reason = `The input ${input} ends with ${packed}: unpack it first, as compressed files are not read.`;
  throw new UserError('input-unreadable', reason);
}

/**
 * Refuses files of a pattern that would be taken for pictures and are none: rows in files such as `day-1.txt`. Pictures may
 * have any names, so the first one's content decides where no name has the ending of a picture.
 */
async function refuseOthers(names: readonly string[], input: string): Promise<void> {
  const [first] = names;
  if (first === undefined || names.some(isPicture)) return;
  refusePacked(input);
  const file = await openFile(first);
  const start = await file.read(0, FORMAT_BYTES).catch((cause: unknown) => {
    throw notReadable(first, cause);
  });
  if (pictureFormatOf(start) !== undefined) return;
  const message = `The pattern ${input} matches ${first}, which is no picture and has none of the endings ${ENDINGS}; name the format of its rows with --format.`;
  throw new UserError('settings-invalid', message);
}

/** The folder that relative paths in the rows start from. */
function commonFolder(folders: readonly string[]): string {
  const [folder = '.', other] = new Set(folders);
  if (other === undefined) return folder;
  const message = `The input has files in several folders (${folder}, ${other}): name that of the images with --images.`;
  throw new UserError('settings-invalid', message);
}

interface RowSourceParts extends Pick<Source, 'name' | 'images'> {
  readonly format: Format;
  readonly names: ColumnNames;
  readonly files: readonly RowFile[];
}

interface RowFile {
  readonly open: () => Promise<InputFile>;
  /** The columns that its folders name. */
  readonly partition: Partition;
}

/** The rows of files, one after the other. */
function rowSource({ name, images, format, names, files }: RowSourceParts): Source {
  /** Where each file starts that has been reached: the number of its first row. */
  const starts = [0];
  async function* read(from: number, onBytes?: (bytes: Uint8Array) => void): AsyncGenerator<RawRow> {
    for (const [offset, { open, partition }] of files.slice(from).entries()) {
      const index = from + offset;
      if (index > 0) onBytes?.(Buffer.from('\0'));
      if (Object.keys(partition).length > 0) onBytes?.(Buffer.from(`${JSON.stringify(partition)}\0`));
      let number = starts[index] ?? 0;
      for await (const row of readRows(await open(), format, names, onBytes)) {
        number++;
        yield withPartition(row, partition);
      }
      starts[index + 1] = number;
    }
  }
  const rowsFrom: Source['rowsFrom'] = (row) => {
    const index = starts.findLastIndex((start) => start <= row);
    return { first: starts[index] ?? 0, rows: read(index) };
  };
  const stamp = async (): Promise<string> => {
    const stamps: string[] = [];
    for (const { open } of files) stamps.push((await open()).stamp);
    return stamps.join('\n');
  };
  return { name, images, isAnywhere: false, rows: (onBytes) => read(0, onBytes), rowsFrom, stamp };
}

/** A row for each picture, whose id is its path. */
function pictureSource({ kind, names: files }: FoundFiles, input: string, names: ColumnNames): Source {
  const isFolder = kind === 'folder';
  const pictures = isFolder ? files.filter(isPicture) : files;
  async function* rows(onBytes?: (bytes: Uint8Array) => void): AsyncGenerator<RawRow> {
    for (const file of pictures) {
      onBytes?.(Buffer.from(`${file}\0`));
      // eslint-disable-next-line @typescript-eslint/await-thenable -- lets other work run
      yield await { fields: { [names.id]: file, [names.image]: file } };
    }
  }
  const images = isFolder ? input : '.';
  const rowsFrom = () => ({ first: 0, rows: rows() });
  return { name: input, images, isAnywhere: !isFolder, rows, rowsFrom, stamp: () => Promise.resolve('') };
}
