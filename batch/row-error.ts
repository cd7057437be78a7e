import { toProblem } from '../service/requests/to-problem.ts';
import type { PROBLEMS } from '../service/requests/problem.ts';

/** Errors of a row that no request over HTTP can have. */
type BatchProblem =
  /** The row is not JSON, or has more or fewer cells than the header. */
  | 'damaged-row'
  /** The picture cannot be read from its disk, tar, bucket or host. */
  | 'unreadable-image'
  /** The picture is outside the folder of pictures. */
  | 'image-outside-folder'
  /** The picture is at an address that may not be fetched. */
  | 'address-not-allowed';

/** Why a row has no answer. */
export class RowError extends Error {
  override readonly name = 'RowError';
  readonly code: BatchProblem | keyof typeof PROBLEMS;
  readonly field: string | undefined;

  constructor(code: RowError['code'], message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** Turns any error into that of a row, with the code and sentence that the service would answer. */
export function toRowError(error: unknown): RowError {
  if (error instanceof RowError) return error;
  const { problem, message, field } = toProblem(error);
  if (problem !== 'internal') return new RowError(problem, message, field);
  // There is no log to look into.
  const reason = error instanceof Error ? error.message : String(error);
  return new RowError('internal', `Internal error, please report it: ${reason}`);
}
