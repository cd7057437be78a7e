import { z } from 'zod';
import type { Answer } from '../../service/inference/answer.ts';
import type { TextWarningSummary } from '../../service/requests/text-warnings.ts';
import type { KnownColumns, Row } from '../input/row.ts';
import type { RowError } from '../row-error.ts';

/** What became of a row. */
export type Outcome =
  | {
      readonly answers: readonly Answer[];
      readonly isList: boolean;
      readonly warnings: readonly TextWarningSummary[];
    }
  | { readonly error: RowError };

/** The members of an answer: those of `/predict`. */
type ResultAnswer = Pick<Answer, 'result' | 'label' | 'confidence' | 'scores'>;

/** Why a row has no answer. */
interface ResultError {
  readonly code: RowError['code'];
  readonly detail: string;
  readonly field?: string;
}

/** The part of a line of results that the row's outcome decides. */
interface ResultOfOutcome extends Partial<ResultAnswer> {
  /** Of a row with `texts`. */
  readonly results?: readonly ResultAnswer[];
  readonly warnings?: readonly TextWarningSummary[];
  readonly error?: ResultError;
}

/** A line of results. Files of lines have it as JSON, and those of Parquet as columns. */
export interface Result extends Readonly<KnownColumns>, ResultOfOutcome {
  readonly id: Row['id'];
  /** The columns that were passed through. */
  readonly columns?: Row['others'];
}

/** A row with its outcome, as one line of JSON. */
export function toLine({ id, known, others }: Row, outcome: Outcome): string {
  const columns = Object.keys(others).length > 0 ? { columns: others } : {};
  const result: Result = { id, ...known, ...columns, ...resultOf(outcome) };
  return JSON.stringify(result);
}

function resultOf(outcome: Outcome): ResultOfOutcome {
  if ('error' in outcome) {
    const { code, message, field } = outcome.error;
    return { error: { code, detail: message, ...(field === undefined ? {} : { field }) } };
  }
  const results = outcome.answers.map(({ result, label, confidence, scores }): ResultAnswer => {
    return { result, label, confidence, scores };
  });
  const [first] = results;
  return {
    ...(outcome.isList || first === undefined ? { results } : first),
    ...(outcome.warnings.length > 0 ? { warnings: outcome.warnings } : {}),
  };
}

const lineSchema = z.object({
  label: z.string().optional(),
  results: z.array(z.object({ label: z.string() })).optional(),
  error: z.object({ code: z.string() }).optional(),
});

/** Counts the answers and failures of a run. */
export class Tally {
  rows = 0;
  failedRows = 0;
  /** Answers by label. */
  readonly answers = new Map<string, number>();
  /** Failed rows by code. */
  readonly failures = new Map<string, number>();

  /**
   * Counts a line of a part.
   *
   * @returns whether the line is a complete row
   */
  addLine(line: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      return false;
    }
    const parsed = lineSchema.safeParse(value);
    if (!parsed.success) return false;
    const { label, results, error } = parsed.data;
    this.rows++;
    if (error !== undefined) {
      this.failedRows++;
      increment(this.failures, error.code);
    }
    for (const each of results ?? (label === undefined ? [] : [{ label }])) increment(this.answers, each.label);
    return true;
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
