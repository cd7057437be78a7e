import { fileURLToPath } from 'node:url';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { abortable } from '../../model/abort.ts';
import { Budget } from '../../model/budget.ts';
import { isPooled } from '../../model/free-memory.ts';
import { ThreadPool } from '../../model/thread-pool.ts';
import type { Question } from '../inference/predictor.ts';
import { HttpProblem, type ProblemName } from './problem.ts';

/** A body that begins with JSON. */
export interface JsonBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of JSON; other data may follow. */
  readonly jsonLength: number;
}

/** A parsed request. */
export interface Parsed {
  readonly questions: readonly Question[];
  /** Whether to explain the answer; there is then one question with one hypothesis. @default false */
  readonly explain?: boolean;
}

/** Parses and checks a body. The default export of its module is {@link workerOf} `parse`. */
export interface Parser<Result extends Parsed> {
  /** The `import.meta.url` of that module. */
  readonly module: string;
  /** @throws HttpProblem that names the field at fault */
  readonly parse: (body: JsonBody) => Result;
}

/** The result, or the fields of an HttpProblem, whose class would not survive between threads. */
type WorkerAnswer =
  | { readonly result: Parsed }
  | { readonly problem: ProblemName; readonly detail: string; readonly field: string | undefined };

/** Smaller bodies are parsed in less than a millisecond. */
export const WORKER_BYTES = 64 * 1024;
const MAX_THREADS = 2;

let pool: ThreadPool<JsonBody, WorkerAnswer> | undefined;
/** Bodies wait here and not in the pool, which would parse those that nobody waits for any more. */
const threads = new Budget(MAX_THREADS, MAX_THREADS);

/**
 * Parses a body, a large one in a worker thread: 16 MiB would block the event loop for longer than probes should wait.
 *
 * @param body a large one is transferred to the worker
 * @throws HttpProblem that names the field at fault, or the signal's reason
 */
export async function parseBody<Result extends Parsed>(
  { module, parse }: Parser<Result>,
  body: JsonBody,
  signal: AbortSignal,
): Promise<Result> {
  if (body.bytes.length < WORKER_BYTES) return parse(body);
  const workers = (pool ??= new ThreadPool({ module, maxThreads: MAX_THREADS }));
  const filename = fileURLToPath(module);
  const parsed = threads.run(1, () => workers.run(body, { filename, transferList: [body.bytes.buffer] }), signal);
  // Not interrupted, which would end the worker: it takes longer to start one than to parse a body.
  const answer = await abortable(parsed, signal);
  if ('result' in answer) return answer.result as Result;
  const { problem, detail, field } = answer;
  throw new HttpProblem(problem, detail, field === undefined ? {} : { field });
}

/** What a worker thread runs for {@link parseBody}. */
export function workerOf(parse: (body: JsonBody) => Parsed): (body: JsonBody) => WorkerAnswer {
  return (body) => {
    try {
      const result = parse(body);
      const images = result.questions.map(({ image }) => image).filter((image) => !isPooled(image));
      const transfer = [...new Set(images.map(({ buffer }) => buffer))];
      return move({ [transferableSymbol]: transfer, [valueSymbol]: { result } }) as unknown as WorkerAnswer;
    } catch (error) {
      if (!(error instanceof HttpProblem)) throw error;
      return { problem: error.problem, detail: error.message, field: error.field };
    }
  };
}
