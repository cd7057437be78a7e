import { memberImage } from '../images/stored-image.ts';
import { notReadable, type InputFile } from '../storage/file.ts';
import { readAhead } from '../storage/read-ahead.ts';
import { isPicture } from './pictures.ts';
import type { ColumnNames, RawRow } from './row.ts';
import { tarMembers, type TarMember } from './tar.ts';

/** Longest file beside a picture, in bytes: that of a line of JSON. */
const MAX_BYTES = 4 << 20;

/** A sample: the files of a tar that follow each other and have the same key. */
interface Sample {
  readonly key: string;
  readonly members: TarMember[];
}

/**
 * Reads the samples of a WebDataset shard: a row for each. The picture is not read yet; a `.json` gives columns, a `.txt`
 * the text. Other files are skipped.
 *
 * @param onBytes called with the names and lengths of all files, and with the content of those that are read
 * @throws UserError `input-unreadable`
 */
export async function* readSamples(
  tar: InputFile,
  names: ColumnNames,
  onBytes?: (bytes: Uint8Array) => void,
): AsyncGenerator<RawRow> {
  // The files beside a picture are mostly in what is read along with the headers.
  const near = readAhead(tar);
  for await (const sample of samplesOf(near, onBytes)) {
    yield await toRawRow({ tar, near }, sample, names, onBytes);
  }
}

async function* samplesOf(tar: InputFile, onBytes?: (bytes: Uint8Array) => void): AsyncGenerator<Sample> {
  let sample: Sample | undefined;
  for await (const member of tarMembers(tar)) {
    onBytes?.(Buffer.from(`${member.name}\0${member.size}\0`));
    const key = keyOf(member.name);
    if (sample?.key === key) {
      sample.members.push(member);
      continue;
    }
    if (sample !== undefined) yield sample;
    sample = { key, members: [member] };
  }
  if (sample !== undefined) yield sample;
}

/** A member's path up to the first dot of its file name. */
function keyOf(name: string): string {
  const slash = name.lastIndexOf('/');
  const dot = name.indexOf('.', slash + 1);
  return dot < 0 ? name : name.slice(0, dot);
}

async function toRawRow(
  { tar, near }: { readonly tar: InputFile; readonly near: InputFile },
  { key, members }: Sample,
  names: ColumnNames,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<RawRow> {
  const beside = (ending: string): TarMember | undefined => members.find(({ name }) => name === `${key}${ending}`);
  const pictures = members.filter(({ name }) => isPicture(name));
  const [picture, second] = pictures;
  if (second !== undefined) return { damage: `The sample ${key} has ${pictures.length} pictures.` };
  const [json, text] = [beside('.json'), beside('.txt')];
  const columns = json && jsonOf(await contentOf(near, json, onBytes));
  if (json !== undefined && columns === undefined) {
    return { damage: `${json.name} is not a JSON object in UTF-8 of at most 4 MiB.` };
  }
  const fields: Record<string, unknown> = { [names.id]: key };
  // The picture is in the tar, whatever JSON names.
  for (const [name, value] of Object.entries(columns ?? {})) if (name !== names.image) fields[name] = value;
  if (text !== undefined && !Object.hasOwn(fields, names.text) && !Object.hasOwn(fields, names.texts)) {
    const content = await contentOf(near, text, onBytes);
    if (content === undefined) return { damage: `${text.name} is not UTF-8, or longer than 4 MiB.` };
    fields[names.text] = content.trim();
  }
  if (picture === undefined) return { fields };
  fields[names.image] = `${tar.name}/${picture.name}`;
  return { fields, picture: memberImage(tar, picture.name, picture.offset, picture.size) };
}

/** @returns undefined if it is too long or not UTF-8 */
async function contentOf(
  tar: InputFile,
  { offset, size }: TarMember,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<string | undefined> {
  if (size > MAX_BYTES) return undefined;
  const bytes = await tar.read(offset, offset + size).catch((cause: unknown) => {
    throw notReadable(tar.name, cause);
  });
  onBytes?.(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function jsonOf(content: string | undefined): object | undefined {
  if (content === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(content);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
