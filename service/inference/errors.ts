/** What is wrong with a request's image or texts; the edge turns each into an answer. */
export type InputProblem =
  | 'image-unsupported'
  | 'image-corrupt'
  | 'image-too-large'
  | 'text-empty'
  /** The model's prompt has no place for a premise. */
  | 'premise-unsupported';

/** The part of a request that a problem is about. */
export type InputField = 'image' | 'text' | 'premise';

/** The request's image or text cannot be judged; trying again gives the same. */
export class InputError extends Error {
  readonly problem: InputProblem;
  readonly field: InputField;

  constructor(problem: InputProblem, field: InputField, message: string) {
    super(message);
    this.name = 'InputError';
    this.problem = problem;
    this.field = field;
  }
}

const OVERLOADED = {
  places: 'Every place is taken; try again later.',
  memory: 'The requests that are open leave no memory for this body; try again later.',
} as const;

/** There is no room: the request was refused before any work. */
export class Overloaded extends Error {
  /** Seconds after which there is likely to be room. */
  readonly retryAfterSeconds: number;

  constructor(lacking: keyof typeof OVERLOADED, retryAfterSeconds: number) {
    super(OVERLOADED[lacking]);
    this.name = 'Overloaded';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** One request asks for more than all places together: trying again gives the same. */
export class TooManyItems extends Error {
  /** Items that one request may have at most. */
  readonly most: number;

  constructor(items: number, most: number) {
    super(`The request has ${items} items; the service holds ${most} at most.`);
    this.name = 'TooManyItems';
    this.most = most;
  }
}

/** The engine failed on this item, or none is left to compute it. */
export class EngineUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineUnavailable';
  }
}

/** The engine failed on this item and on nothing else: trying again is likely to give the same. */
export class ItemFailed extends EngineUnavailable {
  constructor(options?: ErrorOptions) {
    super(
      'The engine failed on this image and text, whatever was computed with them; the same again is refused for a while.',
      options,
    );
    this.name = 'ItemFailed';
  }
}

/** The reason of an AbortSignal whose request ran out of time. */
export class DeadlineExceeded extends Error {
  constructor() {
    super('The request ran out of time.');
    this.name = 'DeadlineExceeded';
  }
}

/** The reason of an AbortSignal whose client has disconnected. */
export class ClientGone extends Error {
  constructor() {
    super('The client disconnected.');
    this.name = 'ClientGone';
  }
}
