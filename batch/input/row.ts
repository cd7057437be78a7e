import { z } from '@hono/zod-openapi';
import { checkBody } from '../../service/requests/check.ts';
import { hypothesesOf, MAX_TEXTS, textSchema, TOO_MANY } from '../../service/requests/text.ts';
import type { StoredImage } from '../images/stored-image.ts';
import { RowError } from '../row-error.ts';
import { COLUMNS, type ColumnNames } from './columns.ts';

/** A row as a reader found it: its columns, or what is wrong with it as a sentence. */
export type RawRow =
  | {
      readonly fields: Readonly<Record<string, unknown>>;
      /** Its picture, where it comes with the row. */
      readonly picture?: StoredImage;
    }
  | { readonly damage: string };

/** The known columns of a row except `id`, as they were read. Absent ones are left out. */
export type KnownColumns = Partial<Record<Exclude<(typeof COLUMNS)[number], 'id'>, unknown>>;

/** A row of the input with the columns that a run knows apart from the others. */
export interface Row {
  /** Its number in the whole input, from 0. */
  readonly number: number;
  /** Its id. @default its number, from 1; `row 3` where that may be the id of another */
  readonly id: string | number;
  readonly known: Readonly<KnownColumns>;
  readonly others: Readonly<Record<string, unknown>>;
  /** Its picture, where it comes with the row. @default that which `image` names */
  readonly picture?: StoredImage;
  /** What makes the row unusable, whatever its columns are. */
  readonly error: RowError | undefined;
}

/** What is asked about a row's picture. */
export interface RowQuestion {
  /** The picture's path or address as the row has it. */
  readonly image: string;
  readonly hypotheses: readonly string[];
  readonly premise: string | undefined;
  /** Whether the answer is a list: the row has `texts`. */
  readonly isList: boolean;
}

export interface RowOptions {
  /** The hypotheses of rows that have none of their own. @default none */
  readonly texts?: readonly string[];
  /** Whether the ids are the numbers of the rows, so that no other row has this one's. @default true */
  readonly isNumbered?: boolean;
}

/**
 * Separates the columns of a row.
 *
 * @param number the row's, from 0
 */
export function toRow(
  raw: RawRow,
  number: number,
  names: ColumnNames,
  { texts = [], isNumbered = true }: RowOptions = {},
): Row {
  const unreadableId = isNumbered ? number + 1 : `row ${number + 1}`;
  if ('damage' in raw) {
    return { number, id: unreadableId, known: {}, others: {}, error: new RowError('damaged-row', raw.damage) };
  }
  const { fields, ...picture } = raw;
  const known: KnownColumns = {};
  for (const column of COLUMNS) {
    const value = Object.hasOwn(fields, names[column]) ? fields[names[column]] : undefined;
    // Exports from tables write null for an empty cell.
    if (column !== 'id' && value !== undefined && value !== null) known[column] = value;
  }
  if (known.text === undefined && known.texts === undefined && texts.length > 0) {
    if (texts.length === 1) known.text = texts[0];
    else known.texts = texts;
  }
  const used = new Set<string>(Object.values(names));
  const others = Object.fromEntries(Object.entries(fields).filter(([name]) => !used.has(name)));
  const id = Object.hasOwn(fields, names.id) ? fields[names.id] : undefined;
  if (typeof id === 'string' || typeof id === 'number') {
    return { number, id, known, others, ...picture, error: undefined };
  }
  if (id === undefined || id === null) return { number, id: number + 1, known, others, ...picture, error: undefined };
  const error = new RowError('invalid-field', 'The field "id" must be a text or a number.', 'id');
  return { number, id: unreadableId, known, others, ...picture, error };
}

const rowSchema = z.object({
  image: z.string({ error: 'must be the path of an image file' }).min(1, { error: 'is empty' }),
  text: textSchema.optional(),
  texts: z.array(textSchema, { error: 'must be a list of texts' }).max(MAX_TEXTS, { error: TOO_MANY }).optional(),
  premise: textSchema.optional(),
});

/**
 * Checks a row as the service checks a request.
 *
 * @throws RowError; HttpProblem with the sentence that the service would answer
 */
export function questionOf({ known, error }: Row): RowQuestion {
  if (error !== undefined) throw error;
  const row = checkBody(rowSchema, known);
  const { image, premise } = row;
  return { image, hypotheses: hypothesesOf(row.text, row.texts), premise, isList: row.text === undefined };
}
