import type { ServerResponse } from 'node:http';
import type { RequestRecord } from '../../observability/request-record.ts';
import type { HttpProblem } from '../../requests/problem.ts';

/** The answer to a request whose rest could not be parsed. */
interface ParserRefusal {
  readonly problem: HttpProblem;
  readonly requestId: string;
}

const refusals = new WeakMap<object, ParserRefusal>();

/** Notes that the client of a running request has been answered in place of the application. */
export function noteParserRefusal(outgoing: ServerResponse, refusal: ParserRefusal): void {
  refusals.set(outgoing, refusal);
}

/** What the client was told in place of the application's answer. */
export function parserRefusalOf(outgoing: object | undefined): ParserRefusal | undefined {
  return outgoing === undefined ? undefined : refusals.get(outgoing);
}

/** Notes which rule of HTTP a request breaks, and in which words: many of these clients cannot read the answer. */
export function noteRule({ attributes }: RequestRecord, { cause, message }: HttpProblem): void {
  if (!(cause instanceof Error && 'code' in cause)) return;
  attributes['code'] = String(cause.code);
  attributes['detail'] = message;
}
