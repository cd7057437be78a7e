import { randomUUID } from 'node:crypto';

/** The ids that clients may give their requests: those that Hono's `requestId` takes. */
export const REQUEST_ID = { pattern: '^[A-Za-z0-9_=-]+$', maxLength: 255 };

const PATTERN = new RegExp(REQUEST_ID.pattern);

/** The client's id of its request, or a random one if it sent none or a malformed one. */
export function requestIdOf(sent = ''): string {
  return sent.length <= REQUEST_ID.maxLength && PATTERN.test(sent) ? sent : randomUUID();
}
