import { createHmac, randomBytes } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Admission, Slot } from '../../inference/admission.ts';
import type { Answer } from '../../inference/answer.ts';
import { timed } from '../../inference/observer.ts';
import type { Predictor, Question } from '../../inference/predictor.ts';
import type { RequestRecord } from '../../observability/request-record.ts';
import type { Parsed } from '../body/parse.ts';
import { announcedBytes, checkBodyHeaders, RequestBody } from '../body/request-body.ts';
import { sendContinue } from '../body/unread-body.ts';
import type { Uploads } from '../body/uploads.ts';
import type { AppEnv } from '../context.ts';
import { startDeadline, TIMEOUT_HEADER } from '../middleware/deadline.ts';
import type { Health } from '../probes/health.ts';
import { unavailable } from '../problems/to-problem.ts';

/** What routes need to answer predictions. */
export interface PredictDeps {
  readonly predictor: Predictor;
  readonly admission: Admission;
  readonly uploads: Uploads;
  readonly health: Health;
  /** Aborts when open requests must be answered at once, with the error to answer as its reason. */
  readonly closing: AbortSignal;
  readonly limits: {
    readonly requestTimeoutMs: number;
    /** In MiB. */
    readonly maxBodyMb: number;
  };
}

/** Request headers that every prediction reads. */
export const REQUEST_HEADERS = z.object({
  [TIMEOUT_HEADER]: z.string().optional().openapi({
    description: "Deadline in milliseconds, the arrival of the body included; can only shorten the server's own limit.",
  }),
  'X-Request-Id': z.string().optional().openapi({
    description: 'Identifies the request in logs and is returned with the answer. Default: a random UUID.',
  }),
});

/** Statuses of the errors of every route that reads an image. */
export const PREDICTION_ERRORS = [400, 401, 403, 405, 408, 413, 415, 422, 429, 500, 503, 504] as const;

/**
 * Reads a request's questions and answers them, in a slot of the queue and before a deadline.
 *
 * @param read reads and checks the body
 * @returns what was read, and an answer for each hypothesis of each question, in order
 * @throws as {@link withSlot}
 */
export function servePrediction<Input extends Parsed>(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (body: RequestBody) => Promise<Input>,
): Promise<{ input: Input; answers: readonly Answer[] }> {
  return withSlot(c, deps, read, async (input, { signal, slot }) => {
    const { questions } = input;
    const observer = c.get('record');
    slot.resize(noteSizes(observer, questions));
    const answers = await deps.predictor.predictAll(questions, { signal, observer });
    deps.admission.answered(answers.length);
    return { input, answers };
  });
}

/**
 * Reads a request's body and does its work, before a deadline. The slot of the queue is taken when the body is complete,
 * so that clients that send slowly keep no slot from others.
 *
 * @param read reads and checks the body
 * @throws HttpProblem `unavailable` when the model has not loaded or has failed, `request-timeout` when the body arrives
 *   too slowly; Overloaded when there is no room for the body or no slot is free; and what `read` or `work` throws
 */
export async function withSlot<Input, Result>(
  c: Context<AppEnv>,
  { admission, uploads, health, limits, closing }: PredictDeps,
  read: (body: RequestBody) => Promise<Input>,
  work: (input: Input, within: { signal: AbortSignal; slot: Slot }) => Promise<Result>,
): Promise<Result> {
  for (const verdict of [health.started(), health.live()]) {
    if (!verdict.ok) throw unavailable(verdict.reason);
  }
  const { raw } = c.req;
  const record = c.get('record');
  checkBodyHeaders(raw, limits.maxBodyMb);
  // A full service reads no body.
  const client = c.get('client');
  const refusal = admission.refusal(client);
  if (refusal !== undefined) throw refusal;
  const deadline = startDeadline(raw, limits.requestTimeoutMs, closing);
  const { signal, abort } = deadline;
  // Empty until the body is complete.
  const slot = admission.admit(0, client);
  try {
    const upload = uploads.begin(announcedBytes(raw), abort);
    try {
      const body = new RequestBody(raw, {
        maxMib: limits.maxBodyMb,
        signal,
        onStart: () => {
          sendContinue(outgoingOf(c));
        },
        onBytes: upload.received,
        onEnd: () => {
          upload.complete();
          deadline.bodyComplete();
          slot.resize(1);
        },
      });
      const input = await timed('read', record.stage.bind(record), () => read(body));
      return await work(input, { signal, slot });
    } finally {
      upload.release();
    }
  } finally {
    slot.release();
    deadline.dispose();
  }
}

/** Node.js's response object; tests call the application without one. */
function outgoingOf(c: Context<AppEnv>): object | undefined {
  return (c.env as AppEnv['Bindings'] | undefined)?.outgoing;
}

/** Never leaves the process. */
const TEXT_HASH_KEY = randomBytes(32);

/** Notes sizes for the log, never an image or a sentence. @returns how many items the questions have */
function noteSizes({ attributes }: RequestRecord, questions: readonly Question[]): number {
  const images = new Set(questions.map(({ image }) => image));
  const hypotheses = questions.flatMap((question) => question.hypotheses);
  const texts = hypotheses.join('\n');
  attributes['image_bytes'] = [...images].reduce((sum, { length }) => sum + length, 0);
  attributes['texts'] = hypotheses.length;
  attributes['text_chars'] = texts.length;
  // Equal requests to this process have the same. Without the key, whoever reads the log cannot confirm a guess.
  attributes['text_hash'] = createHmac('sha256', TEXT_HASH_KEY).update(texts).digest('hex').slice(0, 12);
  return hypotheses.length;
}
