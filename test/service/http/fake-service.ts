import { expect } from 'vitest';
import { createApp, type AppDeps } from '../../../service/http/app.ts';
import { ModelStatistics } from '../../../service/open-inference/statistics.ts';
import type { App } from '../../../service/http/context.ts';
import type { Verdict } from '../../../service/requests/health.ts';
import type { RequestSummary } from '../../../service/observability/request-record.ts';
import { PROBLEM_BASE, problemSchema } from '../../../service/requests/problem.ts';
import { Uploads } from '../../../service/requests/uploads.ts';
import type { ApiKeys } from '../../../service/clients/api-keys.ts';
import { RateLimits } from '../../../service/clients/rate-limits.ts';
import { Admission } from '../../../service/inference/admission.ts';
import { toAnswer } from '../../../service/inference/answer.ts';
import type { PredictRequest, Predictor } from '../../../service/inference/predictor.ts';

/** The real application with a fake predictor: no engine, no socket. */
export interface FakeService {
  readonly app: App;
  readonly deps: AppDeps;
  readonly admission: Admission;
  readonly uploads: Uploads;
  readonly predictor: Predictor;
  /** The requests to the predictor, in order. */
  readonly asked: PredictRequest[];
  readonly summaries: RequestSummary[];
}

export interface FakeServiceOptions {
  /** @default always answers yes */
  readonly predict?: Predictor['predict'];
  readonly maxQueue?: number;
  readonly requestTimeoutMs?: number;
  readonly maxBodyMb?: number;
  readonly maxUploads?: number;
  /** For all open requests together. */
  readonly maxBodyBytes?: number;
  readonly ready?: Verdict;
  readonly live?: Verdict;
  readonly started?: Verdict;
  readonly draining?: boolean;
  readonly deps?: Partial<AppDeps>;
}

const LABELS = ['yes', 'no', 'maybe'];
const YES: Verdict = { ok: true };

export function fakeService(options: FakeServiceOptions = {}): FakeService {
  const asked: PredictRequest[] = [];
  const summaries: RequestSummary[] = [];
  const admission = new Admission(options.maxQueue ?? 64);
  const uploads = new Uploads({
    maxUploads: options.maxUploads ?? 256,
    maxBytes: options.maxBodyBytes ?? Infinity,
    retryAfterSeconds: (share) => admission.retryAfterSeconds(share),
  });
  const predict: Predictor['predict'] = (request) => {
    // The image is freed with the answer.
    asked.push({ ...request, image: request.image.slice() });
    return options.predict?.(request) ?? Promise.resolve(request.hypotheses.map(answerYes));
  };
  const predictor: Predictor = {
    model: { name: 'fake', precision: 'fp32', digest: '0123456789ab', labels: LABELS, imageSize: 64 },
    preprocess: () => Promise.resolve(new Uint8Array(64 * 64 * 3)),
    predict,
    predictAll: async (questions, context) =>
      (await Promise.all(questions.map((question) => predict({ ...question, ...context })))).flat(),
  };
  const deps: AppDeps = {
    statistics: new ModelStatistics(),
    predictor,
    explainer: {
      explain: async ({ hypothesis, ...request }) => {
        const [answer = answerYes()] = await predictor.predict({ ...request, hypotheses: [hypothesis] });
        return { answer, heatmap: [[0.123456, -0.5]] };
      },
    },
    admission,
    uploads,
    health: {
      live: () => options.live ?? YES,
      ready: () => options.ready ?? YES,
      started: () => options.started ?? YES,
      draining: options.draining ?? false,
    },
    closing: new AbortController().signal,
    limits: {
      requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
      maxBodyMb: options.maxBodyMb ?? 1,
    },
    observer: { end: (summary) => summaries.push(summary) },
    ...options.deps,
  };
  return { app: createApp(deps), deps, admission, uploads, predictor, asked, summaries };
}

function answerYes(): ReturnType<typeof toAnswer> {
  return toAnswer(LABELS, Float32Array.of(0.5, 0.25, 0.25), Float32Array.of(-1, -2, -2));
}

/** API keys, each with the name of its holder. */
export function fakeKeys(names: Readonly<Record<string, string>> = {}): ApiKeys {
  const holderOf = (key: string): ReturnType<ApiKeys['holderOf']> => {
    const name = names[key];
    return name === undefined ? undefined : { name, rate: undefined };
  };
  return { holderOf, rates: new RateLimits(), close: () => undefined };
}

/** A form with these fields; bytes become a file. */
export function formOf(fields: readonly (readonly [string, string | Uint8Array])[]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([Uint8Array.from(value)]), 'picture.png');
  }
  return form;
}

/** Sends a form to `/predict`. */
export function postForm(app: App, form: FormData): Promise<Response> {
  return Promise.resolve(app.request('/predict', { method: 'POST', body: form }));
}

/** Sends JSON to `/predict`; a string is sent unchanged. */
export function postJson(app: App, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return Promise.resolve(
    app.request('/predict', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    }),
  );
}

/** Sends a stream to `/predict`. */
export function postStream(app: App, body: ReadableStream, headers: Record<string, string>): Promise<Response> {
  // Node.js requires `duplex` for streams; its types lack it.
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, headers, duplex: 'half' };
  return Promise.resolve(app.request('/predict', init));
}

/** Checks that a response is this problem. @returns its detail */
export async function expectProblem(
  response: Response,
  status: number,
  problem: string,
  field?: string,
): Promise<string> {
  const body = problemSchema.strict().parse(await response.json());
  expect(response.headers.get('content-type')).toMatch(/^application\/(problem\+)?json$/);
  // Many clients look for a sentence here.
  expect(body.error).toBe(body.detail);
  expect({ status: response.status, type: body.type, field: body.field }).toEqual({
    status,
    type: `${PROBLEM_BASE}#${problem}`,
    field,
  });
  expect(body.status).toBe(status);
  expect(body.request_id).toBe(response.headers.get('x-request-id'));
  return body.detail;
}
