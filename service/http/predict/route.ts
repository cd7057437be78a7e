import { createHash } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { PATHS } from '../../contract.ts';
import type { Admission, Slot } from '../../inference/admission.ts';
import type { Answer } from '../../inference/answer.ts';
import { timed, type Stage } from '../../inference/observer.ts';
import type { Predictor } from '../../inference/predictor.ts';
import { KEY_SECURITY } from '../middleware/api-keys.ts';
import { announcedBytes, checkAnnounced, meterBody } from '../body/body.ts';
import type { App, AppEnv } from '../context.ts';
import { startDeadline, TIMEOUT_HEADER } from '../middleware/deadline.ts';
import type { Health } from '../probes/health.ts';
import { readPredictInput } from './input.ts';
import type { PredictInput } from './input.ts';
import { formBodySchema, jsonBodySchema, predictionSchema, predictionsSchema } from './schema.ts';
import { problemResponses } from '../problems/docs.ts';
import type { RequestRecord } from '../../observability/request-record.ts';
import { unavailable } from '../problems/to-problem.ts';
import { letSend } from '../body/unread-body.ts';

/** What a route needs to have something judged. */
export interface PredictDeps {
  readonly predictor: Predictor;
  readonly admission: Admission;
  readonly health: Health;
  /** Aborts when what is open must be answered at once, with the reason as the answer. */
  readonly closing: AbortSignal;
  readonly limits: {
    readonly requestTimeoutMs: number;
    readonly maxBodyMb: number;
  };
}

/** Headers that every prediction heeds. */
export const REQUEST_HEADERS = z.object({
  [TIMEOUT_HEADER]: z.string().optional().openapi({
    description: 'Milliseconds after which the answer is of no use; shortens the own limit of the service.',
  }),
  'X-Request-Id': z.string().optional().openapi({
    description: 'Name of the request in logs, returned with the answer; made up where it is missing.',
  }),
});

/** The errors of whatever takes a place and reads an image. */
export const PREDICTION_ERRORS = [400, 401, 403, 405, 413, 415, 422, 429, 500, 503, 504] as const;

const route = createRoute({
  method: 'post',
  path: PATHS.predict,
  operationId: 'predict',
  tags: ['predictions'],
  summary: 'Judge whether an image entails a text',
  security: KEY_SECURITY,
  request: {
    headers: REQUEST_HEADERS,
    body: {
      required: true,
      content: {
        'multipart/form-data': { schema: formBodySchema },
        'application/json': { schema: jsonBodySchema },
      },
    },
  },
  responses: {
    200: {
      description: 'The judgement; of several texts, a list in their order.',
      content: { 'application/json': { schema: z.union([predictionSchema, predictionsSchema]) } },
    },
    ...problemResponses(PREDICTION_ERRORS),
  },
});

/** Adds `POST /predict`. */
export function addPredict(app: App, deps: PredictDeps): void {
  app.openAPIRegistry.registerPath(route);
  app.post(PATHS.predict, async (c) => {
    const { input, answers } = await servePrediction(c, deps, (signal) =>
      readPredictInput(c.req.raw, deps.limits.maxBodyMb, signal),
    );
    return c.json(toBody(c, deps, input, answers), 200);
  });
}

/**
 * The way of every prediction, whatever it looks like outside: a place, a deadline, the body, the answers.
 *
 * @param read reads and checks the body
 */
export function servePrediction<Input extends PredictInput>(
  c: Context<AppEnv>,
  deps: PredictDeps,
  read: (signal: AbortSignal) => Promise<Input>,
): Promise<{ input: Input; answers: readonly Answer[] }> {
  return servePlace(c, deps, read, async (input, { signal, place }) => {
    const observer = c.get('record');
    noteInput(observer, [input.image], input.hypotheses);
    place.resize(input.hypotheses.length);
    const answers = await deps.predictor.predict({ ...input, signal, observer });
    deps.admission.answered(answers.length);
    return { input, answers };
  });
}

/**
 * Does a request's work within a place and a deadline.
 *
 * @param read reads and checks the body
 * @throws HttpProblem when the model is not there, no place is free, or what `read` or `work` throws
 */
export async function servePlace<Input, Result>(
  c: Context<AppEnv>,
  { admission, health, limits, closing }: PredictDeps,
  read: (signal: AbortSignal) => Promise<Input>,
  work: (input: Input, within: { signal: AbortSignal; place: Slot }) => Promise<Result>,
): Promise<Result> {
  const started = health.started();
  if (!started.ok) throw unavailable(started.reason);
  const live = health.live();
  if (!live.ok) throw unavailable(live.reason);
  checkAnnounced(c.req.raw, limits.maxBodyMb);
  const deadline = startDeadline(c.req.raw, limits.requestTimeoutMs, closing);
  try {
    // Before the body is read: a full service reads none.
    const place = admission.admit();
    try {
      place.holdBody(announcedBytes(c.req.raw, limits.maxBodyMb));
      // One that was not announced is counted as it comes.
      meterBody(c.req.raw, (bytes) => {
        place.holdBody(bytes);
      });
      letSend(outgoingOf(c));
      const { signal } = deadline;
      // A slow client's time is no fault of the model.
      const note = (stage: Stage): void => {
        c.get('record').stage(stage);
      };
      const input = await timed('read', note, () => read(signal));
      return await work(input, { signal, place });
    } finally {
      place.release();
    }
  } finally {
    deadline.dispose();
  }
}

/** The connection's side of the answer; tests ask the application without one. */
function outgoingOf(c: Context<AppEnv>): object | undefined {
  return (c.env as AppEnv['Bindings'] | undefined)?.outgoing;
}

/** Notes sizes for the log, never an image or a sentence. */
export function noteInput(
  record: RequestRecord,
  images: readonly Uint8Array[],
  hypotheses: readonly string[],
): void {
  const texts = hypotheses.join('\n');
  record.attributes['image_bytes'] = images.reduce((sum, { length }) => sum + length, 0);
  record.attributes['texts'] = hypotheses.length;
  record.attributes['text_chars'] = texts.length;
  // Enough to find equal requests; too little to find the sentence.
  record.attributes['text_hash'] = createHash('sha256').update(texts).digest('hex').slice(0, 12);
}

function toBody(
  c: Context<AppEnv>,
  { predictor }: PredictDeps,
  input: PredictInput,
  answers: readonly Answer[],
): z.infer<typeof predictionSchema> | z.infer<typeof predictionsSchema> {
  const { name, precision, digest, answers: labels } = predictor.model;
  const results = answers.map(({ result, label, confidence, scores }) => ({
    result,
    label,
    confidence,
    scores,
  }));
  const common = {
    labels: [...labels],
    latency_ms: c.get('record').elapsedMs(),
    model: { name, precision, digest },
    request_id: c.get('requestId'),
  };
  const [first] = results;
  if (input.many || first === undefined) return { results, ...common };
  return { ...first, ...common };
}
