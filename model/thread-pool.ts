import { Piscina } from 'piscina';
import { sourceFlags } from './source-flags.ts';

/** How long a pool goes on with the threads that it has after the system has refused it another. */
const REFUSED_MS = 60_000;

export interface ThreadPoolOptions {
  /** The modules that the threads run are source files if this one is. */
  readonly module: string | URL;
  readonly maxThreads: number;
}

/** What a task needs besides its data. */
export interface TaskOptions {
  /** The module whose default export is called with the task. */
  readonly filename: string;
  /** Buffers to hand over instead of copying them. */
  readonly transferList: ArrayBuffer[];
}

/**
 * Runs tasks in worker threads, which are started on demand and do not keep the process alive when they are idle. A
 * thread that cannot be started, as the system has no more threads or files for it, or that ends while it is idle,
 * costs the tasks that waited for it alone: the pool that this is built on would keep them waiting and end the process.
 */
export class ThreadPool<Task, Result> {
  readonly #options: ThreadPoolOptions;
  #pool: Piscina<Task, Result>;
  #refusedMs = -Infinity;
  /** One for each task, aborted to take it out of the queue. */
  readonly #tasks = new Set<AbortController>();

  constructor(options: ThreadPoolOptions) {
    this.#options = options;
    this.#pool = this.#create();
  }

  /**
   * Runs a task.
   *
   * @throws what the module throws, or an error if the task's thread ends or no thread can be started
   */
  async run(task: Task, options: TaskOptions): Promise<Result> {
    const controller = new AbortController();
    const { signal } = controller;
    this.#tasks.add(controller);
    try {
      return await this.#start(task, { ...options, signal });
    } catch (error) {
      this.#tasks.delete(controller);
      // The task's thread may have been the last one, for which others wait.
      this.#rejectStranded(error);
      throw signal.aborted ? notStarted(signal.reason) : error;
    } finally {
      this.#tasks.delete(controller);
    }
  }

  /** Stops the threads. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  #create(): Piscina<Task, Result> {
    const pool = new Piscina<Task, Result>({
      execArgv: sourceFlags(this.#options.module),
      minThreads: 0,
      maxThreads: this.#options.maxThreads,
      idleTimeout: Infinity,
    });
    // Emitted for a thread without a task. Without a listener, it would be an uncaught exception.
    pool.on('error', (error) => {
      this.#rejectStranded(error);
    });
    return pool;
  }

  #start(task: Task, options: TaskOptions & { readonly signal: AbortSignal }): Promise<Result> {
    const pool = this.#pool;
    // Threads are started here alone, where it can be caught that the system has none, and not when a task has ended.
    const mayStart = pool.threads.length === 0 || performance.now() - this.#refusedMs >= REFUSED_MS;
    if (mayStart) pool.options.maxThreads = this.#options.maxThreads;
    try {
      return pool.run(task, options);
    } catch (error) {
      this.#refusedMs = performance.now();
      // The task stays in the queue, for which only another thread makes room.
      if (pool.threads.length === 0) this.#pool = this.#create();
      throw notStarted(error);
    } finally {
      pool.options.maxThreads = pool.threads.length;
    }
  }

  /** Without any thread, no task is running, and none of those that wait would ever be. */
  #rejectStranded(cause: unknown): void {
    if (this.#pool.threads.length > 0) return;
    for (const task of this.#tasks) task.abort(cause);
  }
}

function notStarted(cause: unknown): Error {
  return new Error('A worker thread could not be started.', { cause });
}
