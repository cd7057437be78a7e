/** What is wrong with a request's image or texts; `toProblem` has a problem type for each. */
export type InputProblem =
  | 'image-unsupported'
  | 'image-corrupt'
  | 'image-too-large'
  | 'text-empty'
  /** The model's prompt takes no premise. */
  | 'premise-unsupported'
  /** The model is too slow to explain its answer in time. */
  | 'too-slow';

/** The part of a request that is wrong. */
export type InputField = 'image' | 'text' | 'premise' | 'explain';

/**
 * An error that is the answer to a request. It has no stack trace: nobody reads it, and under overload, with thousands
 * of refusals a second, recording it would take a sixth of the time of each.
 */
export class Refusal extends Error {
  constructor(message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The request's image or text cannot be judged; retrying does not help. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problem: InputProblem;
  readonly field: InputField;

  constructor(problem: InputProblem, field: InputField, message: string) {
    super(message);
    this.problem = problem;
    this.field = field;
  }
}

const OVERLOADED = {
  queue: 'The queue is full; try again later.',
  share: 'Your share is used up, as other clients need theirs; try again later.',
  uploads: 'Too many request bodies are arriving; try again later.',
  calls: 'Too many calls are open; try again later.',
  memory: 'The memory for request bodies is used up; try again later.',
  explanations: 'The service is too busy to explain an answer; try again later, or leave out "explain".',
} as const;

/** The service is at its limit: the request was refused before any work was done. */
export class Overloaded extends Refusal {
  override readonly name = 'Overloaded';
  /** What is used up. A client that has used up its share has no more due to it; the rest the service owes to all. */
  readonly full: keyof typeof OVERLOADED;
  /** Seconds after which a retry is likely to be accepted. */
  readonly retryAfterSeconds: number;

  constructor(full: keyof typeof OVERLOADED, retryAfterSeconds: number) {
    super(OVERLOADED[full]);
    this.full = full;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** One request has more items than the service accepts in all; retrying does not help. */
export class TooManyItems extends Error {
  override readonly name = 'TooManyItems';
  /** Most items that a request may have. */
  readonly max: number;

  constructor(items: number, max: number) {
    super(`The request has ${items} items; at most ${max} are accepted.`);
    this.max = max;
  }
}

/** The engine failed on this item, or no engine is left to compute it. */
export class EngineUnavailable extends Error {
  override readonly name: string = 'EngineUnavailable';
}

/** The engine failed on this item alone; a retry is likely to fail as well. */
export class ItemFailed extends EngineUnavailable {
  override readonly name = 'ItemFailed';

  constructor(options?: ErrorOptions) {
    super('The engine repeatedly failed on this image and text; they are refused for a while.', options);
  }
}

/** The AbortSignal reason of a request past its deadline. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  /** Whose limit it was: the service owes an answer within its own. */
  readonly setBy: 'client' | 'service';

  constructor(setBy: DeadlineExceeded['setBy']) {
    super('The request ran out of time.');
    this.setBy = setBy;
  }
}

/** The AbortSignal reason of a request whose client disconnected. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('The client disconnected.');
  }
}
