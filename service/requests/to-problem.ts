import {
  ClientGone,
  DeadlineExceeded,
  EngineUnavailable,
  InputError,
  ItemFailed,
  Overloaded,
  TooManyItems,
  type InputProblem,
} from '../inference/errors.ts';
import type { KeyHolder, Rate } from '../clients/key-file.ts';
import { HttpProblem, type ProblemName } from './problem.ts';

const PROBLEM_OF_INPUT: Record<InputProblem, ProblemName> = {
  'image-unsupported': 'unsupported-image',
  'image-corrupt': 'undecodable-image',
  'image-too-large': 'image-too-large',
  'text-empty': 'empty-text',
  'premise-unsupported': 'invalid-field',
  'too-slow': 'invalid-field',
};

/** Seconds after which a client may retry while an engine is being replaced. */
const ENGINE_RETRY_AFTER = '5';

/** Maps any error to the problem that is answered, and so to its status. */
export function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof InputError) {
    return new HttpProblem(PROBLEM_OF_INPUT[error.problem], error.message, { field: error.field });
  }
  if (error instanceof Overloaded) {
    return new HttpProblem('overloaded', error.message, {
      headers: { 'retry-after': String(error.retryAfterSeconds) },
      cause: error,
    });
  }
  if (error instanceof TooManyItems) {
    const texts = error.max === 1 ? '1 text' : `${error.max} texts`;
    const detail = `At most ${texts} can be sent at once: the service queues no more.`;
    return new HttpProblem('invalid-field', detail, { field: 'text' });
  }
  // Without Retry-After: no engine is being replaced, so a retry would fail the same way.
  if (error instanceof ItemFailed) return new HttpProblem('unavailable', error.message, { cause: error });
  if (error instanceof EngineUnavailable) return unavailable(error.message, error);
  if (error instanceof DeadlineExceeded) {
    return new HttpProblem('deadline-exceeded', 'The request was not answered before its deadline.', {
      cause: error,
    });
  }
  // Nobody reads this response; the log needs a status.
  if (error instanceof ClientGone) return unavailable(error.message, error);
  return new HttpProblem('internal', 'Internal error; the service has logged its cause.', {
    cause: error,
  });
}

/** 408 for a body that does not arrive in time. Its connection is closed, as the rest may never arrive. */
export function requestTimeout(detail: string): HttpProblem {
  return new HttpProblem('request-timeout', detail, { headers: { connection: 'close' } });
}

/** 429 for a client that has used up its rate. */
export function rateLimited({ name, rate }: KeyHolder, waitMs: number): HttpProblem {
  const detail = `The API keys of ${name} may send ${rate === undefined ? 'no more requests' : inWords(rate)}.`;
  return new HttpProblem('rate-limited', detail, { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}

function inWords({ requests, period }: Rate): string {
  return `${requests === 1 ? '1 request' : `${requests} requests`} per ${period}`;
}

/** 503 with Retry-After. */
export function unavailable(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem('unavailable', detail, {
    cause,
    headers: { 'retry-after': ENGINE_RETRY_AFTER },
  });
}
