import { createHash } from 'node:crypto';
import { shorten } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { nameHash } from '../name-hash.ts';
import type { ColumnNames } from './columns.ts';
import { toRow, type RawRow } from './row.ts';
import type { Source } from './source.ts';

/** What a run knows of its input before it starts. */
export interface Scan {
  readonly rows: number;
  /** SHA-256 of the file, or of the list of pictures, in hexadecimal. */
  readonly sha256: string;
  /** Whether each row's id is its number, from 1. */
  readonly isNumbered: boolean;
}

/**
 * Reads the whole input once, so that a wrong column or a repeated id is found before anything is computed. It keeps 8
 * bytes for each row.
 *
 * @param hasTexts whether rows need no texts of their own
 * @throws UserError `input-unreadable`; the signal's reason
 */
export async function scanInput(
  source: Source,
  names: ColumnNames,
  hasTexts: boolean,
  signal: AbortSignal,
): Promise<Scan> {
  const sum = createHash('sha256');
  const ids = new IdHashes();
  const columns = new ColumnCheck(names, hasTexts);
  let rows = 0;
  let isNumbered = true;
  const onBytes = (bytes: Uint8Array): void => {
    // Not only between rows: all bytes of a Parquet file come before the first.
    signal.throwIfAborted();
    sum.update(bytes);
  };
  for await (const raw of source.rows(onBytes)) {
    signal.throwIfAborted();
    columns.see(raw);
    const { id, error } = toRow(raw, rows, names);
    rows++;
    // A row that cannot be read has no id that could be that of another.
    if (error !== undefined) continue;
    ids.add(id);
    isNumbered &&= String(id) === String(rows);
  }
  columns.check();
  await refuseRepeatedIds(source, names, ids.repeated(), signal);
  return { rows, sha256: sum.digest('hex'), isNumbered };
}

/** Notices a column that no row has. */
class ColumnCheck {
  readonly #names: ColumnNames;
  readonly #needed: readonly (readonly string[])[];
  readonly #seen = new Set<string>();
  #first: RawRow | undefined;

  constructor(names: ColumnNames, hasTexts: boolean) {
    this.#names = names;
    this.#needed = [[names.image], ...(hasTexts ? [] : [[names.text, names.texts]])];
  }

  see(raw: RawRow): void {
    if (this.#first === undefined || ('damage' in this.#first && 'fields' in raw)) this.#first = raw;
    if ('damage' in raw) return;
    for (const name of this.#needed.flat()) {
      if (!this.#seen.has(name) && Object.hasOwn(raw.fields, name)) this.#seen.add(name);
    }
  }

  check(): void {
    if (this.#first === undefined) return;
    if ('damage' in this.#first) {
      throw new UserError('input-unreadable', `No row of the input can be read. The first: ${this.#first.damage}`);
    }
    const missing = this.#needed.find((choice) => !choice.some((name) => this.#seen.has(name)));
    if (missing === undefined) return;
    const [name] = missing;
    const quoted = missing.map((each) => `"${each}"`).join(' or ');
    const known = Object.keys(this.#first.fields).map(shorten).join(', ');
    const column = name === this.#names.image ? 'image' : 'text';
    const other = column === 'text' ? ', or give the texts with --text' : '';
    throw new UserError(
      'input-unreadable',
      `No row of the input has the column ${quoted}; the first row has: ${known}. Name the right one with --column ${column}=NAME${other}.`,
    );
  }
}

/** The hash of each id. */
class IdHashes {
  #hashes = new BigUint64Array(1024);
  #length = 0;

  add(id: string | number): void {
    if (this.#length === this.#hashes.length) {
      const larger = new BigUint64Array(2 * this.#length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#length++] = nameHash(String(id));
  }

  /** The hashes that occur more than once. */
  repeated(): Set<bigint> {
    const sorted = this.#hashes.subarray(0, this.#length).sort();
    const found = new Set<bigint>();
    for (let index = 1; index < sorted.length; index++) {
      const value = sorted[index];
      if (value !== undefined && value === sorted[index - 1]) found.add(value);
    }
    return found;
  }
}

/** Two ids may have the same hash: only equal ids are refused. */
async function refuseRepeatedIds(
  source: Source,
  names: ColumnNames,
  repeated: ReadonlySet<bigint>,
  signal: AbortSignal,
): Promise<void> {
  if (repeated.size === 0) return;
  const firsts = new Map<string, number>();
  let number = 0;
  for await (const raw of source.rows()) {
    signal.throwIfAborted();
    const { id, error } = toRow(raw, number, names);
    number++;
    if (error !== undefined || !repeated.has(nameHash(String(id)))) continue;
    const first = firsts.get(String(id));
    if (first === undefined) {
      firsts.set(String(id), number);
      continue;
    }
    throw new UserError(
      'input-unreadable',
      `Rows ${first} and ${number} of the input have the same id, "${shorten(String(id))}": each row needs an id of its own. Without the column, rows are numbered from 1.`,
    );
  }
}
