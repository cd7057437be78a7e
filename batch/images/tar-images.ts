import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { tarMembers, type TarMember } from '../input/tar.ts';
import { nameHash } from '../name-hash.ts';
import type { InputFile } from '../storage/file.ts';
import { readAhead } from '../storage/read-ahead.ts';
import { memberImage, unreadable, type ImageSource, type StoredImage } from './stored-image.ts';

/** The image files in tars, which rows name by their paths in them. 28 bytes of memory for each. */
export class TarImages implements ImageSource {
  readonly #tars: readonly InputFile[];
  readonly #index: MemberIndex;

  private constructor(tars: readonly InputFile[], index: MemberIndex) {
    this.#tars = tars;
    this.#index = index;
  }

  /**
   * Reads the headers of all files in the tars.
   *
   * @throws UserError `input-unreadable` if a tar is damaged, or a name occurs twice; the signal's reason
   */
  static async open(tars: readonly InputFile[], signal: AbortSignal): Promise<TarImages> {
    const index = new MemberIndex();
    for (const [number, tar] of tars.entries()) {
      for await (const { name, offset, size } of membersOf(tar)) {
        signal.throwIfAborted();
        index.add({ hash: nameHash(name), tar: number, offset, size });
      }
    }
    const repeated = index.sort();
    if (repeated !== undefined) await refuseRepeated(tars, repeated);
    return new TarImages(tars, index);
  }

  find(name: string): Promise<StoredImage> {
    const found = this.#index.find(nameHash(name.replace(/^(\.\/)+/, '')));
    const tar = this.#tars[found?.tar ?? -1];
    if (found !== undefined && tar !== undefined) {
      return Promise.resolve(memberImage(tar, name, found.offset, found.size));
    }
    const where = this.#tars.length === 1 ? 'the tar has' : 'the tars have';
    return Promise.reject(unreadable(name, new Error(`${where} no such file`)));
  }
}

async function* membersOf(tar: InputFile): AsyncGenerator<TarMember> {
  const near = readAhead(tar);
  try {
    yield* tarMembers(near);
  } finally {
    await near.close();
  }
}

async function refuseRepeated(tars: readonly InputFile[], repeated: bigint): Promise<void> {
  const names = new Set<string>();
  for (const tar of tars) {
    for await (const { name } of membersOf(tar)) {
      if (nameHash(name) !== repeated) continue;
      if (names.has(name)) {
        const message = `The tars of --images have more than one file ${shorten(name)}, so that rows cannot name it.`;
        throw new UserError('input-unreadable', message);
      }
      names.add(name);
    }
  }
}

interface Entry {
  readonly hash: bigint;
  readonly tar: number;
  readonly offset: number;
  readonly size: number;
}

/** Finds members by the hashes of their names. */
class MemberIndex {
  #hashes = new BigUint64Array(1024);
  #tars = new Uint32Array(1024);
  #offsets = new Float64Array(1024);
  #sizes = new Float64Array(1024);
  #length = 0;
  /** Indices of the entries in the order of their hashes. */
  #order = new Uint32Array();

  add({ hash: value, tar, offset, size }: Entry): void {
    const at = this.#length++;
    if (at === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, new BigUint64Array(2 * at));
      this.#tars = grown(this.#tars, new Uint32Array(2 * at));
      this.#offsets = grown(this.#offsets, new Float64Array(2 * at));
      this.#sizes = grown(this.#sizes, new Float64Array(2 * at));
    }
    this.#hashes[at] = value;
    this.#tars[at] = tar;
    this.#offsets[at] = offset;
    this.#sizes[at] = size;
  }

  /** To be called when all are added. @returns a hash that occurs twice */
  sort(): bigint | undefined {
    const hashAt = (index: number): bigint => this.#hashes[index] ?? 0n;
    this.#order = Uint32Array.from({ length: this.#length }, (_, index) => index);
    this.#order.sort((a, b) => (hashAt(a) < hashAt(b) ? -1 : 1));
    for (let at = 1; at < this.#length; at++) {
      const value = this.#hashOf(at);
      if (value === this.#hashOf(at - 1)) return value;
    }
    return undefined;
  }

  find(value: bigint): Omit<Entry, 'hash'> | undefined {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#hashOf(middle) < value) low = middle + 1;
      else high = middle;
    }
    if (low === this.#length || this.#hashOf(low) !== value) return undefined;
    const at = this.#order[low] ?? 0;
    return { tar: this.#tars[at] ?? 0, offset: this.#offsets[at] ?? 0, size: this.#sizes[at] ?? 0 };
  }

  /** The hash at a position in the order. */
  #hashOf(position: number): bigint {
    return this.#hashes[this.#order[position] ?? 0] ?? 0n;
  }
}

function grown<T extends { set(values: T): void }>(values: T, larger: T): T {
  larger.set(values);
  return larger;
}
