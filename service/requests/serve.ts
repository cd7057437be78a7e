import { createHmac, randomBytes } from 'node:crypto';
import type { Admission, Slots } from '../inference/admission.ts';
import type { Answer } from '../inference/answer.ts';
import type { Explainer } from '../inference/explainer.ts';
import type { Heatmap } from '../inference/occlusion.ts';
import { timed } from '../inference/observer.ts';
import type { Predictor, Question, RequestContext, TextWarning } from '../inference/predictor.ts';
import type { RequestRecord } from '../observability/request-record.ts';
import { startDeadline } from './deadline.ts';
import type { Health } from './health.ts';
import type { Parsed } from './parse.ts';
import { unavailable } from './to-problem.ts';
import { summarizeTextWarnings, type TextWarningSummary } from './text-warnings.ts';
import type { Uploads } from './uploads.ts';

/** What every protocol needs to answer predictions. */
export interface PredictDeps {
  readonly predictor: Predictor;
  readonly explainer: Pick<Explainer, 'explain'>;
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

/** A request whose body has yet to arrive. */
export interface Incoming {
  readonly record: RequestRecord;
  /** Name of the client, which gets a fair share of the queue. */
  readonly client: string | undefined;
  /** Milliseconds that the client allows. @default no limit of its own */
  readonly timeoutMs: number | undefined;
  /** Aborts when the client disconnects. */
  readonly disconnected: AbortSignal;
  /** Bytes of the body, if the client has announced them; otherwise 0. */
  readonly announcedBytes: number;
}

/** What reads a body reports its progress here. */
export interface Arrival {
  /** Ends the reading with its reason. */
  readonly signal: AbortSignal;
  /**
   * Call it after each chunk with the bytes received so far, and the bytes in memory if these are not as many. What it
   * throws ends the reading.
   */
  readonly onBytes: (received: number, held?: number) => void;
  /** Call it when all of the body has been received, before anything more is done. What it throws ends the reading. */
  readonly onEnd: () => void;
}

/** A request's content and answers. */
export interface Served<Input> {
  readonly input: Input;
  /** An answer for each hypothesis of each question, in order. */
  readonly answers: readonly Answer[];
  /** What decides the answer, if the request asked for it. */
  readonly heatmap?: Heatmap;
  readonly textWarnings: readonly TextWarningSummary[];
}

/**
 * Reads a request's questions and answers them, in slots of the queue and before a deadline.
 *
 * @param read reads and checks the body
 * @returns what was read, and an answer for each hypothesis of each question, in order
 * @throws as {@link serveWithSlots}
 */
export function serveQuestions<Input extends Parsed>(
  incoming: Incoming,
  deps: PredictDeps,
  read: (arrival: Arrival) => Promise<Input>,
): Promise<Served<Input>> {
  return serveWithSlots(incoming, deps, read, async (input, { signal, slots }) => {
    const { questions } = input;
    const { record: observer } = incoming;
    slots.resize(noteSizes(observer, questions));
    const warnings: (TextWarning & { index: number })[] = [];
    const onWarning = (warning: TextWarning, index: number): void => {
      warnings.push({ ...warning, index });
    };
    const context = { signal, observer, onWarning };
    const result =
      input.explain === true
        ? await explain(deps.explainer, questions, context)
        : { answers: await deps.predictor.predictAll(questions, context) };
    const { length } = result.answers;
    deps.admission.answered(length);
    return { input, ...result, textWarnings: summarizeTextWarnings(warnings, length) };
  });
}

/** Answers the only question of a request and explains the answer. */
async function explain(
  explainer: PredictDeps['explainer'],
  [question]: readonly Question[],
  context: RequestContext & { readonly observer: RequestRecord },
): Promise<Pick<Served<Parsed>, 'answers' | 'heatmap'>> {
  const [hypothesis] = question?.hypotheses ?? [];
  if (question === undefined || hypothesis === undefined) throw new Error('there is no question to explain');
  const startMs = performance.now();
  try {
    const { answer, heatmap } = await explainer.explain({ ...question, hypothesis, ...context });
    return { answers: [answer], heatmap };
  } finally {
    context.observer.attributes['explain_ms'] = Math.round(performance.now() - startMs);
  }
}

/**
 * Reads a request's body and does its work, before a deadline. A first slot of the queue is taken when the body is
 * complete, so that clients that send slowly keep none from others.
 *
 * @param read reads and checks the body
 * @throws HttpProblem `unavailable` when the model has not loaded or has failed; Overloaded when no slot is free; as
 *   {@link serveBody}; and what `read` or `work` throws
 */
export async function serveWithSlots<Input, Result>(
  incoming: Incoming,
  deps: PredictDeps,
  read: (arrival: Arrival) => Promise<Input>,
  work: (input: Input, within: { signal: AbortSignal; slots: Slots }) => Promise<Result>,
): Promise<Result> {
  const { record, client } = incoming;
  // A full service reads no body.
  checkRoom(deps, client);
  // None until the body is complete.
  const slots = deps.admission.admit(0, client);
  try {
    return await serveBody(incoming, deps, async ({ signal, onBytes, onEnd }) => {
      const arrival: Arrival = {
        signal,
        onBytes,
        onEnd: () => {
          onEnd();
          slots.resize(1);
        },
      };
      const input = await timed('read', record.stage.bind(record), () => read(arrival));
      return work(input, { signal, slots });
    });
  } finally {
    slots.release();
  }
}

/**
 * Serves a request with a body, before a deadline and within the memory of all bodies. It takes no slot of the queue.
 *
 * @param serve reads the body, which stays in memory until the promise settles
 * @throws HttpProblem `request-timeout` when the body arrives too slowly; Overloaded when there is no room for it; and
 *   what `serve` throws
 */
export async function serveBody<Result>(
  { client, timeoutMs, disconnected, announcedBytes }: Incoming,
  { uploads, limits, closing }: Pick<PredictDeps, 'uploads' | 'limits' | 'closing'>,
  serve: (arrival: Arrival) => Promise<Result>,
): Promise<Result> {
  const deadline = startDeadline({
    longestMs: limits.requestTimeoutMs,
    clientMs: timeoutMs,
    disconnected,
    closing,
  });
  const { signal, abort } = deadline;
  try {
    const upload = uploads.begin(announcedBytes, abort, client);
    try {
      const onEnd = (): void => {
        upload.complete();
        deadline.bodyComplete();
      };
      return await serve({ signal, onBytes: upload.received, onEnd });
    } finally {
      upload.release();
    }
  } finally {
    deadline.dispose();
  }
}

/**
 * Refuses a request that would be refused whatever its body is.
 *
 * @param client name of the client
 * @throws HttpProblem `unavailable`, or Overloaded when no slot is free
 */
export function checkRoom({ admission, health }: Pick<PredictDeps, 'admission' | 'health'>, client?: string): void {
  for (const verdict of [health.started(), health.live()]) {
    if (!verdict.ok) throw unavailable(asSentence(verdict.reason));
  }
  const refusal = admission.refusal(client);
  if (refusal !== undefined) throw refusal;
}

/** The reason of a probe, as the sentence of an error. */
function asSentence(reason: string): string {
  return `${reason.slice(0, 1).toUpperCase()}${reason.slice(1).replace(/\.$/, '')}.`;
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
  attributes['text_chars'] = hypotheses.reduce((sum, { length }) => sum + length, 0);
  // Equal requests to this process have the same. Without the key, whoever reads the log cannot confirm a guess.
  attributes['text_hash'] = createHmac('sha256', TEXT_HASH_KEY).update(texts).digest('hex').slice(0, 12);
  return hypotheses.length;
}
