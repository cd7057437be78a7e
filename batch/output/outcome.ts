import { z } from 'zod';
import type { Answer } from '../../service/inference/answer.ts';
import type { TextWarningSummary } from '../../service/requests/text-warnings.ts';
import type { Row } from '../input/row.ts';
import type { RowError } from '../row-error.ts';

/** What became of a row. */
export type Outcome =
  | {
      readonly answers: readonly Answer[];
      readonly isList: boolean;
      readonly warnings: readonly TextWarningSummary[];
    }
  | { readonly error: RowError };

/** A row with its outcome, as one line of JSON. The members of an answer are those of `/predict`. */
export function toLine({ id, known, others }: Row, outcome: Outcome): string {
  const columns = Object.keys(others).length > 0 ? { columns: others } : {};
  return JSON.stringify({ id, ...known, ...columns, ...resultOf(outcome) });
}

function resultOf(outcome: Outcome): object {
  if ('error' in outcome) {
    const { code, message, field } = outcome.error;
    return { error: { code, detail: message, ...(field === undefined ? {} : { field }) } };
  }
  const results = outcome.answers.map(({ result, label, confidence, scores }) => {
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
