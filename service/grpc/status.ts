import { Metadata, status as codes, type StatusObject } from '@grpc/grpc-js';
import { ClientGone } from '../inference/errors.ts';
import { CLIENT_CLOSED_REQUEST } from '../observability/request-record.ts';
import type { HttpProblem, ProblemName } from '../requests/problem.ts';

/** The status code of each problem. */
const CODES: Readonly<Record<ProblemName, codes>> = {
  'malformed-request': codes.INVALID_ARGUMENT,
  'malformed-body': codes.INVALID_ARGUMENT,
  'missing-field': codes.INVALID_ARGUMENT,
  'invalid-field': codes.INVALID_ARGUMENT,
  unauthorized: codes.UNAUTHENTICATED,
  // A key that is not known identifies nobody.
  forbidden: codes.UNAUTHENTICATED,
  'not-found': codes.NOT_FOUND,
  'method-not-allowed': codes.UNIMPLEMENTED,
  'request-timeout': codes.DEADLINE_EXCEEDED,
  'body-too-large': codes.RESOURCE_EXHAUSTED,
  'image-too-large': codes.INVALID_ARGUMENT,
  'unsupported-media-type': codes.UNIMPLEMENTED,
  'unsupported-image': codes.INVALID_ARGUMENT,
  'undecodable-image': codes.INVALID_ARGUMENT,
  'empty-text': codes.INVALID_ARGUMENT,
  overloaded: codes.RESOURCE_EXHAUSTED,
  'rate-limited': codes.RESOURCE_EXHAUSTED,
  'headers-too-large': codes.RESOURCE_EXHAUSTED,
  internal: codes.INTERNAL,
  unavailable: codes.UNAVAILABLE,
  'deadline-exceeded': codes.DEADLINE_EXCEEDED,
};

/** Metadata that says which problem a status stands for. */
const PROBLEM_KEY = 'problem';

/** The problem of each status, by its metadata, which grpc-js passes on. */
const problems = new WeakMap<Metadata, HttpProblem>();

/** The problem of a status from {@link statusOf}. */
export function problemOf({ metadata }: { readonly metadata?: Metadata | null | undefined }): HttpProblem | undefined {
  return metadata ? problems.get(metadata) : undefined;
}

/**
 * The metadata by which servers steer the retry policy of gRPC's own clients (gRFC A6): milliseconds to wait, or a negative
 * number not to retry. Without it they follow their own pace and repeat whatever has a code that they retry.
 */
const PUSHBACK_KEY = 'grpc-retry-pushback-ms';

/** The status of a problem: its sentence, and as trailing metadata its name and `retry-after`, in seconds. */
export function statusOf(problem: HttpProblem): StatusObject {
  const metadata = new Metadata();
  metadata.set(PROBLEM_KEY, problem.problem);
  problems.set(metadata, problem);
  const retryAfter = problem.headers['retry-after'];
  if (retryAfter !== undefined) metadata.set('retry-after', retryAfter);
  metadata.set(PUSHBACK_KEY, retryAfter === undefined ? '-1' : String(Number(retryAfter) * 1000));
  const isGone = problem.cause instanceof ClientGone;
  return { code: isGone ? codes.CANCELLED : CODES[problem.problem], details: problem.message, metadata };
}

/** HTTP statuses of calls that grpc-js or a library has answered. */
const HTTP_STATUSES: ReadonlyMap<number, number> = new Map([
  [codes.OK, 200],
  [codes.CANCELLED, CLIENT_CLOSED_REQUEST],
  [codes.NOT_FOUND, 404],
  [codes.DEADLINE_EXCEEDED, 504],
]);

/** The HTTP status by which log, metrics and trace know a call without a problem. */
export function httpStatusOf(code: number): number {
  // grpc-js refuses messages that break the protocol, most of them as INTERNAL or UNIMPLEMENTED.
  return HTTP_STATUSES.get(code) ?? 400;
}
