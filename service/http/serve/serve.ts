import type { Context } from 'hono';
import { freeMemory } from '../../../model/free-memory.ts';
import type { Slots } from '../../inference/admission.ts';
import type { Parsed } from '../../requests/parse.ts';
import {
  serveBody,
  serveQuestions,
  serveWithSlots,
  type Arrival,
  type Incoming,
  type PredictDeps,
  type Served,
} from '../../requests/serve.ts';
import { announcedBytes, checkBodyHeaders, RequestBody } from '../body/request-body.ts';
import { sendContinue } from '../body/unread-body.ts';
import type { AppEnv } from '../context.ts';
import { requestedMs } from '../middleware/timeout-header.ts';

type BodyDeps = Pick<PredictDeps, 'uploads' | 'limits' | 'closing'>;

/**
 * Reads a request's questions and answers them, in slots of the queue and before a deadline.
 *
 * @param read reads and checks the body, into memory that belongs to the request
 * @returns what was read, without its images, and an answer for each hypothesis of each question, in order
 * @throws as {@link withSlots}
 */
export async function servePrediction<Input extends Parsed>(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (body: RequestBody) => Promise<Input>,
): Promise<Served<Input>> {
  const served = await serveQuestions(incomingOf(c, deps), deps, (arrival) => read(bodyOf(c, deps, arrival)));
  // Not after an error: the picture may be being decoded, also for other requests that sent the same one.
  for (const { image } of served.input.questions) freeMemory(image);
  return served;
}

/**
 * Reads a request's body and does its work, in slots of the queue and before a deadline.
 *
 * @param read reads and checks the body
 * @throws HttpProblem `body-too-large` or `unsupported-media-type` by the body's headers; as `serveWithSlots`
 */
export async function withSlots<Input, Result>(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (body: RequestBody) => Promise<Input>,
  work: (input: Input, within: { signal: AbortSignal; slots: Slots }) => Promise<Result>,
): Promise<Result> {
  return serveWithSlots(incomingOf(c, deps), deps, (arrival) => read(bodyOf(c, deps, arrival)), work);
}

/**
 * Reads a request's body, before a deadline. It takes no slot of the queue.
 *
 * @param read reads and checks the body
 * @throws HttpProblem `body-too-large` or `unsupported-media-type` by the body's headers; as `serveBody`
 */
export async function withBody<Input>(
  c: Context<AppEnv>,
  deps: BodyDeps,
  read: (body: RequestBody) => Promise<Input>,
): Promise<Input> {
  return serveBody(incomingOf(c, deps), deps, (arrival) => read(bodyOf(c, deps, arrival)));
}

function incomingOf(c: Context<AppEnv>, { limits }: BodyDeps): Incoming {
  const { raw } = c.req;
  checkBodyHeaders(raw, limits.maxBodyMb);
  return {
    record: c.get('record'),
    client: c.get('client'),
    timeoutMs: requestedMs(raw),
    disconnected: raw.signal,
    announcedBytes: announcedBytes(raw),
  };
}

/** The body of a request. A client that waits for "100 Continue" gets it when the body is read. */
function bodyOf(c: Context<AppEnv>, { limits }: BodyDeps, arrival: Arrival): RequestBody {
  // Tests call the application without a connection.
  const bindings = c.env as AppEnv['Bindings'] | undefined;
  return new RequestBody(c.req.raw, {
    maxMib: limits.maxBodyMb,
    incoming: bindings?.incoming,
    onStart: () => {
      sendContinue(bindings?.outgoing);
    },
    ...arrival,
  });
}
