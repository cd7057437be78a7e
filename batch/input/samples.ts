import { inMemory, memberImage, type StoredImage } from '../images/stored-image.ts';
import { shorten } from '../../model/echo.ts';
import { parseJson } from '../exact-json.ts';
import { notReadable, type InputFile } from '../storage/file.ts';
import { readAhead, type SequentialFile } from '../storage/read-ahead.ts';
import { MAX_LINE_BYTES } from './jsonl.ts';
import { isPicture } from './pictures.ts';
import type { ColumnNames } from './columns.ts';
import type { RawRow } from './row.ts';
import { tarMembers } from './tar.ts';

/** Largest picture that is read eagerly, in bytes. Every row in progress may hold one, beside what other limits allow. */
const MAX_EAGER = 1 << 20;

/** A file beside a picture. */
interface SampleFile {
  readonly name: string;
  readonly ending: string;
  /** Undefined if it is too long. */
  readonly content: Uint8Array | undefined;
}

/** A sample: the files of a tar that follow each other and have the same key. */
interface Sample {
  readonly key: string;
  readonly pictures: { readonly name: string; readonly image: StoredImage }[];
  readonly files: SampleFile[];
}

/**
 * Reads the samples of a WebDataset shard: a row for each. A `.json` gives columns, a `.txt` the text. Other files are
 * skipped. Pictures are read when their row is answered; small ones of a tar in a bucket eagerly, by the request for
 * the tar.
 *
 * @param onBytes called with the names and lengths of all files and the content of those beside pictures. No picture is
 *   read eagerly then
 * @throws UserError `input-unreadable`
 */
export async function* readSamples(
  tar: InputFile,
  names: ColumnNames,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncGenerator<RawRow> {
  const near = readAhead(tar);
  try {
    for await (const sample of samplesOf(tar, near, onBytes)) yield toRawRow(tar, sample, names);
  } finally {
    await near.close();
  }
}

async function* samplesOf(
  tar: InputFile,
  near: SequentialFile,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncGenerator<Sample> {
  const contentOf = (offset: number, size: number): Promise<Uint8Array> =>
    near.read(offset, offset + size).catch((cause: unknown) => {
      throw notReadable(tar.name, cause);
    });
  let sample: Sample | undefined;
  for await (const { name, offset, size } of tarMembers(near)) {
    onBytes?.(Buffer.from(`${name}\0${size}\0`));
    if (!isOfSample(name)) continue;
    const key = keyOf(name);
    if (sample?.key !== key) {
      if (sample !== undefined) yield sample;
      sample = { key, pictures: [], files: [] };
    }
    if (isPicture(name)) {
      const isEager = !tar.isLocal && onBytes === undefined && size <= MAX_EAGER;
      const image = isEager ? inMemory(await contentOf(offset, size)) : memberImage(tar, name, offset, size);
      sample.pictures.push({ name, image });
    } else if (['.json', '.txt'].includes(endingOf(name, key))) {
      const content = size > MAX_LINE_BYTES ? undefined : await contentOf(offset, size);
      if (content !== undefined) onBytes?.(content);
      sample.files.push({ name, ending: endingOf(name, key), content });
    }
  }
  if (sample !== undefined) yield sample;
}

/**
 * Whether a member belongs to a sample, as WebDataset's own reader has it: a `README`, the `._1.jpg` that tar on macOS
 * writes beside `1.jpg`, and what is in `__meta__` do not.
 */
function isOfSample(name: string): boolean {
  return /(^|\/)[^./][^/]*\.[^/]*$/.test(name) && !/^__[^/]*__\//.test(name);
}

/** A member's path up to the first dot of its file name. */
function keyOf(name: string): string {
  const slash = name.lastIndexOf('/');
  const dot = name.indexOf('.', slash + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

/** What follows the key in a name, in lower case, as WebDataset's own reader has it. */
function endingOf(name: string, key: string): string {
  return name.slice(key.length).toLowerCase();
}

function toRawRow(tar: InputFile, { key, pictures, files }: Sample, names: ColumnNames): RawRow {
  const [picture, second] = pictures;
  if (second !== undefined) return { damage: `The sample ${shorten(key)} has ${pictures.length} pictures.` };
  const fields: Record<string, unknown> = { [names.id]: key };
  const json = files.find(({ ending }) => ending === '.json');
  if (json !== undefined) {
    const columns = jsonOf(json.content);
    if (columns === undefined)
      return { damage: `${shorten(json.name)} is not a JSON object in UTF-8 of at most ${MAX_LINE_BYTES >> 20} MiB.` };
    // The picture is in the tar, whatever JSON names.
    for (const [name, value] of Object.entries(columns)) if (name !== names.image) fields[name] = value;
  }
  const text = files.find(({ ending }) => ending === '.txt');
  if (text !== undefined && !Object.hasOwn(fields, names.text) && !Object.hasOwn(fields, names.texts)) {
    const content = textOf(text.content);
    if (content === undefined)
      return { damage: `${shorten(text.name)} is not UTF-8, or longer than ${MAX_LINE_BYTES >> 20} MiB.` };
    fields[names.text] = content.trim();
  }
  if (picture === undefined) return { fields };
  fields[names.image] = `${tar.name}/${picture.name}`;
  return { fields, picture: picture.image };
}

/** @returns undefined if it is too long or not UTF-8 */
function textOf(content: Uint8Array | undefined): string | undefined {
  try {
    return content && new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

function jsonOf(content: Uint8Array | undefined): object | undefined {
  try {
    const value = parseJson(textOf(content) ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
