import {
  ClientGone,
  DeadlineExceeded,
  EngineUnavailable,
  InputError,
  ItemFailed,
  Overloaded,
  TooManyItems,
} from '../../inference/errors.ts';
import type { InputProblem } from '../../inference/errors.ts';
import { HttpProblem } from './problem.ts';
import type { ProblemName } from './problem.ts';

const PROBLEM_OF_INPUT: Record<InputProblem, ProblemName> = {
  'image-unsupported': 'unsupported-image',
  'image-corrupt': 'undecodable-image',
  'image-too-large': 'image-too-large',
  'text-empty': 'empty-text',
  'premise-unsupported': 'invalid-field',
};

/** Seconds after which a client may try again while an engine is being replaced. */
const ENGINE_RETRY_AFTER = '5';

/** The one place where what went wrong becomes a status. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof InputError) {
    return new HttpProblem(PROBLEM_OF_INPUT[error.problem], error.message, { field: error.field });
  }
  if (error instanceof Overloaded) {
    return new HttpProblem('overloaded', error.message, {
      headers: { 'retry-after': String(error.retryAfterSeconds) },
    });
  }
  if (error instanceof TooManyItems) {
    const texts = error.max === 1 ? '1 text' : `${error.max} texts`;
    const detail = `There may be ${texts} at most: this service holds no more at once.`;
    return new HttpProblem('invalid-field', detail, { field: 'text' });
  }
  // No hint when to come back: nothing is being replaced that would answer then.
  if (error instanceof ItemFailed) return new HttpProblem('unavailable', error.message, { cause: error });
  if (error instanceof EngineUnavailable) return unavailable(error.message, error);
  if (error instanceof DeadlineExceeded) {
    return new HttpProblem('deadline-exceeded', 'The request was not answered in its time.');
  }
  // Nobody reads this answer; it gives the log a status.
  if (error instanceof ClientGone) return unavailable(error.message, error);
  return new HttpProblem('internal', 'The service made a mistake; it has been logged.', {
    cause: error,
  });
}

/** 503 with a hint when to come back. */
export function unavailable(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem('unavailable', detail, {
    cause,
    headers: { 'retry-after': ENGINE_RETRY_AFTER },
  });
}
