import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { UserError } from '../../errors.ts';
import type { FileSource } from './file-source.ts';

/** An entry of a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Byte position of the entry's data in the archive. */
  readonly position: number;
  /** Bytes of the data. */
  readonly size: number;
  /** Whether the data is neither compressed nor encrypted. */
  readonly stored: boolean;
}

/** Far more than any checkpoint has: OFA-large has 1,625 entries. */
const MAX_ENTRIES = 100_000;

type Fail = (error: unknown) => void;

/** Lets yauzl read from a FileSource. What yauzl throws in a callback, over damaged bytes, goes to `fail`. */
class SourceReader extends RandomAccessReader {
  readonly #source: FileSource;
  readonly #fail: Fail;

  constructor(source: FileSource, fail: Fail) {
    super();
    this.#source = source;
    this.#fail = fail;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#source
      .readInto(buffer.subarray(offset, offset + length), position)
      .then(() => {
        callback(null);
      }, callback)
      .catch(this.#fail);
  }
}

async function locate(zip: ZipFile, entry: Entry): Promise<ZipEntry> {
  const { fileName: name, compressedSize: size } = entry;
  // Throws if the data extends past the end of the file.
  const { fileDataStart: position } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  return { name, position, size, stored: entry.compressionMethod === 0 && !entry.isEncrypted() };
}

async function listEntries(source: FileSource, fail: Fail): Promise<Map<string, ZipEntry>> {
  const reader = new SourceReader(source, fail);
  const zip = await fromRandomAccessReaderPromise(reader, source.size, { autoClose: false });
  const entries = new Map<string, ZipEntry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.size === MAX_ENTRIES) throw new Error(`more than ${MAX_ENTRIES} entries`);
    if (entries.has(entry.fileName)) throw new Error(`two entries have the name ${entry.fileName}`);
    entries.set(entry.fileName, await locate(zip, entry));
  }
  return entries;
}

/**
 * The entries of a zip or zip64 archive by name.
 *
 * @throws UserError if the archive is damaged or truncated
 */
export async function readZipEntries(source: FileSource): Promise<Map<string, ZipEntry>> {
  try {
    return await new Promise((resolve, reject) => {
      listEntries(source, reject).then(resolve, reject);
    });
  } catch (error) {
    throw new UserError(
      'checkpoint-incomplete',
      `${source.path} is truncated or damaged: the directory of its zip archive does not match the file; ` +
        'download it again.',
      { cause: error },
    );
  }
}
