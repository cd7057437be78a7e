import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { Metadata, status as codes, type ServerInterceptingCallInterface, type StatusObject } from '@grpc/grpc-js';
import { ClientGone, DeadlineExceeded } from '../inference/errors.ts';
import { CLIENT_CLOSED_REQUEST, RequestRecord, UNMATCHED } from '../observability/request-record.ts';
import type { RequestObserver } from '../requests/observer.ts';
import type { HttpProblem } from '../requests/problem.ts';
import { requestIdOf } from '../requests/request-id.ts';
import { toProblem } from '../requests/to-problem.ts';
import { httpStatusOf, problemOf, statusOf } from './status.ts';
import { UNKNOWN_METHOD } from './unknown-methods.ts';

/** Time for a client to take its answer, or to end a message that nobody reads any more. */
const LINGER_MS = 10_000;
/** Node.js 26 resets a stream without the answer that is still queued; before, it sends that first. */
const DROPS_QUEUED = Number.parseInt(process.versions.node) >= 26;
/** There, how often to look whether a message or an answer is complete, and how often at most for a message. */
const LOOK_MS = 5;
const LOOKS = 20;
/** A client cancels its call when its deadline passes, a little before the deadline that the server has computed. */
const DEADLINE_TOLERANCE_MS = 100;
/** A deadline that is further in the past when its call begins is none that a client can send. */
const CALL_START_MS = 1000;

/** What grpc-js hides of a call: without it nobody could see how much of a message has arrived. */
interface Internals {
  readonly stream: ServerHttp2Stream;
  /** How compressed messages are compressed; grpc-js inflates them unless it is `identity`. */
  incomingEncoding: string;
  /** The client's deadline, by the clock, and the timer that ends the call then. */
  deadline: number;
  readonly deadlineTimer: NodeJS.Timeout | null;
}

/** A status as grpc-js takes it. */
type CallStatus = Pick<StatusObject, 'code' | 'details'> & { readonly metadata?: Metadata | null | undefined };

/** One call: its record for log, metrics and trace, and its end. */
export class ObservedCall {
  readonly path: string;
  readonly base: ServerInterceptingCallInterface;
  readonly stream: ServerHttp2Stream;
  /** The compression of messages that are flagged as compressed. */
  readonly encoding: string;
  readonly record = new RequestRecord('grpc');
  readonly #observer: RequestObserver | undefined;
  /** Trailing metadata of every status. */
  readonly #trailers: Record<string, string> = {};
  readonly #onClose: (call: ObservedCall) => void;
  #requestId = requestIdOf();
  #linger: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param onClose called once when the call's stream has closed, answered or not */
  constructor(
    path: string,
    base: ServerInterceptingCallInterface,
    observer: RequestObserver | undefined,
    onClose: (call: ObservedCall) => void,
  ) {
    this.path = path;
    this.base = base;
    this.#observer = observer;
    this.#onClose = onClose;
    const internals = base as unknown as Internals;
    this.stream = internals.stream;
    this.encoding = internals.incomingEncoding;
    // Inflated by us, since grpc-js would inflate any number of messages at once.
    internals.incomingEncoding = 'identity';
    dropWrappedDeadline(internals);
    this.stream.once('close', () => {
      this.#closed();
    });
  }

  /** Whether its status has been sent, or will never be. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Milliseconds until the client's deadline; undefined without one. */
  get timeoutMs(): number | undefined {
    const deadline = Number(this.base.getDeadline());
    // A moment before grpc-js ends the call, which would not say why.
    return Number.isFinite(deadline) ? Math.max(1, deadline - Date.now() - 1) : undefined;
  }

  /** Starts the record. */
  begin(metadata: Metadata): void {
    this.#requestId = requestIdOf(headerOf(metadata, 'x-request-id'));
    this.#trailers['x-request-id'] = this.#requestId;
    const headers = new Headers();
    for (const name of ['traceparent', 'tracestate']) {
      const value = headerOf(metadata, name);
      if (value !== undefined) headers.set(name, value);
    }
    const request = { method: 'POST', url: `http://localhost${this.path}`, headers };
    Object.assign(this.#trailers, this.#observer?.begin?.(request, this.record));
  }

  /** The status to send for an error. Its problem is recorded. */
  failure(error: unknown): StatusObject {
    const problem = toProblem(this.#isPastDeadline(error) ? new DeadlineExceeded('client') : error);
    this.record.problem = problem;
    return statusOf(problem);
  }

  /** Ends the record. @returns the status with the metadata that every answer has */
  end(status: CallStatus): StatusObject {
    // A handler that answers with a problem has no access to the record.
    this.record.problem ??= problemOf(status);
    const metadata = status.metadata ?? new Metadata();
    for (const [name, value] of Object.entries(this.#trailers)) metadata.set(name, value);
    this.#finish(status.code);
    this.expectTaken();
    return { ...status, metadata };
  }

  /** Whether its client has yet to make room for its answer (flow control of HTTP/2). */
  get isUntaken(): boolean {
    return this.#linger !== undefined && !this.#ended;
  }

  /** Its answer is handed over: from now on its client has a time to take it. */
  expectTaken(): void {
    this.#linger ??= setTimeout(() => {
      this.abandon();
    }, LINGER_MS).unref();
  }

  /** Ends the call without the rest of its answer. With NO_ERROR, Node.js would wait until the client takes that. */
  abandon(): void {
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  /** Whether the client has sent all of its messages, read or not. */
  get #isReceived(): boolean {
    return this.stream.destroyed || this.stream.state.remoteClose === 1;
  }

  /**
   * Calls back when the call may be refused. A client that gets the answer before it has sent its message, as Go's and
   * Java's do, gives up the message and opens its next stream, and Node.js ends a connection that has one stream too
   * many. So the answer must go with the reset that ends the stream for both sides, or come after the message.
   */
  whenRefusable(callback: () => void, looks = LOOKS): void {
    if (!DROPS_QUEUED || looks === 0 || this.#isReceived) callback();
    else
      setTimeout(() => {
        this.whenRefusable(callback, looks - 1);
      }, LOOK_MS);
  }

  /** Asks the client to send no more of its messages: RST_STREAM with NO_ERROR, after the answer (RFC 9113, section 8.1). */
  stopReceiving(): void {
    if (this.#isReceived) return;
    if (!DROPS_QUEUED || this.stream.state.localClose === 1) this.stream.close();
    else
      setTimeout(() => {
        this.stopReceiving();
      }, LOOK_MS).unref();
  }

  #finish(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { record } = this;
    const problem = record.problem as HttpProblem | undefined;
    const isGone = problem?.cause instanceof ClientGone;
    record.attributes['grpc_status'] = codes[code] ?? code;
    this.#observer?.end({
      method: 'POST',
      route: this.path === UNKNOWN_METHOD ? UNMATCHED : this.path,
      status: isGone ? CLIENT_CLOSED_REQUEST : (problem?.status ?? httpStatusOf(code)),
      requestId: this.#requestId,
      record,
      problem: isGone ? undefined : problem,
    });
  }

  /** Ends the record of a call that its client has left, or that grpc-js has answered by itself. */
  #closed(): void {
    clearTimeout(this.#linger);
    this.#onClose(this);
    // An inference ends by itself, once its stages have been reported.
    setImmediate(() => {
      if (this.#ended) return;
      const sent: Readonly<Record<string, unknown>> = {
        ...(this.stream.sentHeaders as OutgoingHttpHeaders | undefined),
        ...this.stream.sentTrailers,
      };
      const status = sent['grpc-status'];
      const code: number = status === undefined ? this.failure(new ClientGone()).code : Number(status);
      // grpc-js ends a call at its client's deadline, which only an inference watches itself.
      if (codes[code] === 'DEADLINE_EXCEEDED') this.failure(new DeadlineExceeded('client'));
      this.#finish(code);
    });
  }

  #isPastDeadline(error: unknown): boolean {
    return error instanceof ClientGone && Date.now() > Number(this.base.getDeadline()) - DEADLINE_TOLERANCE_MS;
  }
}

/**
 * Drops a deadline of more than 24 days: grpc-js counts its milliseconds in 32 bits, so that about every second one is in
 * the past and would end the call at once.
 */
function dropWrappedDeadline(internals: Internals): void {
  if (internals.deadline >= Date.now() - CALL_START_MS) return;
  clearTimeout(internals.deadlineTimer ?? undefined);
  internals.deadline = Infinity;
}

/** A text of the metadata. */
export function headerOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return typeof value === 'string' ? value : undefined;
}
