/** How long a run of the engine takes, and what a pod accepts. */
export interface PodModel {
  /** Seconds of a run with so many items. */
  readonly runSeconds: (items: number) => number;
  /** Most items of a run (`MAX_BATCH`). */
  readonly batchItems: number;
  /** Most accepted and unanswered items (`MAX_QUEUE`); beyond it, requests are refused. */
  readonly capacityItems: number;
}

/**
 * Seconds of runs that grow evenly from one item to a full batch.
 *
 * @param one seconds of a run with one item
 * @param full seconds of a run with a full batch
 */
export function batchCurve(one: number, full: number, batchItems: number): (items: number) => number {
  if (batchItems === 1) return () => one;
  return (items) => one + ((full - one) * (items - 1)) / (batchItems - 1);
}

/** A pod with one engine, which takes what is waiting whenever it is free. */
export class SimulatedPod {
  /** Second from which on it is ready. */
  readonly readyAt: number;
  /** Requests answered so far. */
  answered = 0;
  /** Seconds of all runs, the current one included. */
  #runSeconds = 0;
  readonly #model: PodModel;
  readonly #onAnswer: (latencySeconds: number) => void;
  readonly #waiting: number[] = [];
  #running: number[] = [];
  #runEnds = 0;

  constructor(model: PodModel, readyAt: number, onAnswer: (latencySeconds: number) => void) {
    this.#model = model;
    this.readyAt = readyAt;
    this.#onAnswer = onAnswer;
  }

  /** Accepted and unanswered items. */
  get load(): number {
    return this.#waiting.length + this.#running.length;
  }

  /** Seconds up to a moment in which its engine computed. */
  busyUntil(at: number): number {
    this.advance(at);
    return this.#runSeconds - (this.#running.length === 0 ? 0 : this.#runEnds - at);
  }

  /** @returns false if the queue is full */
  accept(at: number): boolean {
    this.advance(at);
    if (this.load >= this.#model.capacityItems) return false;
    this.#waiting.push(at);
    if (this.#running.length === 0) this.#start(at);
    return true;
  }

  /** Ends and starts runs up to a second. */
  advance(to: number): void {
    while (this.#running.length > 0 && this.#runEnds <= to) {
      for (const arrived of this.#running) this.#onAnswer(this.#runEnds - arrived);
      this.answered += this.#running.length;
      this.#running = [];
      if (this.#waiting.length > 0) this.#start(this.#runEnds);
    }
  }

  #start(at: number): void {
    this.#running = this.#waiting.splice(0, this.#model.batchItems);
    const seconds = this.#model.runSeconds(this.#running.length);
    this.#runSeconds += seconds;
    this.#runEnds = at + seconds;
  }
}
