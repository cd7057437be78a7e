import { Header, Pax } from 'tar';
import { UserError } from '../../model/errors.ts';
import { notReadable, type InputFile } from '../storage/file.ts';

const BLOCK = 512;
/** Longest header of a member with a long name. */
const MAX_EXTENDED = 1 << 20;

/** A file within a tar. */
export interface TarMember {
  /** Its path in the tar, without `./` at its start. */
  readonly name: string;
  /** Where its bytes start in the tar. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * Lists the files in a tar (POSIX or GNU, not compressed) by reading their headers alone. Folders and links are left out.
 *
 * @param file the tar, from {@link readAhead}
 * @throws UserError `input-unreadable` if the tar is damaged, or was cut off
 */
export async function* tarMembers(file: InputFile): AsyncGenerator<TarMember> {
  const read = async (start: number, length: number): Promise<Buffer> => {
    const bytes = await file.read(start, start + length).catch((cause: unknown) => {
      throw notReadable(file.name, cause);
    });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  };
  let position = 0;
  let count = 0;
  let extended: Extended = {};
  const cutOff = (): UserError => damaged(file, `is cut off (complete files: ${count}): copy or download it again`);
  for (;;) {
    const block = await read(position, BLOCK);
    if (block.length < BLOCK) throw cutOff();
    const header = headerOf(block, extended.pax);
    if (header?.nullBlock) return;
    if (!header?.cksumValid) {
      const advice = position === 0 ? 'is not a tar (compressed ones must be unpacked with gunzip)' : 'is damaged';
      throw damaged(file, `${advice}: there is no header of a file at byte ${position}`);
    }
    const offset = position + BLOCK;
    const size = header.size ?? 0;
    position = offset + Math.ceil(size / BLOCK) * BLOCK;
    if (offset + size > file.size) throw cutOff();
    if (EXTENSIONS.has(header.type)) {
      if (size > MAX_EXTENDED) throw damaged(file, `is damaged: a file name in it has ${size} bytes`);
      extended = extend(extended, header.type, (await read(offset, size)).toString('utf8'));
      continue;
    }
    const name = extended.name ?? header.path ?? '';
    extended = {};
    if (FILES.has(header.type)) yield { name: name.replace(/^(\.\/)+/, ''), offset, size };
    count++;
  }
}

/** The header in a block; undefined if its numbers are none, as in compressed data, which the library throws at. */
function headerOf(block: Buffer, pax: Pax | undefined): Header | undefined {
  try {
    return new Header(block, 0, pax);
  } catch {
    return undefined;
  }
}

const FILES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
const EXTENSIONS: ReadonlySet<string> = new Set([
  'ExtendedHeader',
  'OldExtendedHeader',
  'GlobalExtendedHeader',
  'NextFileHasLongPath',
  'OldGnuLongPath',
  'NextFileHasLongLinkpath',
]);

/** What precedes the header of a file and replaces fields of it. */
interface Extended {
  readonly pax?: Pax;
  readonly name?: string;
}

function extend(before: Extended, type: string, content: string): Extended {
  if (type === 'ExtendedHeader' || type === 'OldExtendedHeader') {
    const pax = Pax.parse(content, before.pax);
    return { ...before, pax, ...(pax.path === undefined ? {} : { name: pax.path }) };
  }
  if (type === 'NextFileHasLongPath' || type === 'OldGnuLongPath') {
    return { ...before, name: content.replace(/\0.*/s, '') };
  }
  return before;
}

function damaged({ name }: InputFile, what: string): UserError {
  return new UserError('input-unreadable', `The tar ${name} ${what}.`);
}
