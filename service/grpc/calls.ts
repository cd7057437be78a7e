import {
  ServerInterceptingCall,
  status as codes,
  type Metadata,
  type sendUnaryData,
  type ServerInterceptor,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { MIB } from '../../model/bytes.ts';
import { EngineUnavailable, Overloaded } from '../inference/errors.ts';
import type { ModelStatistics } from '../open-inference/statistics.ts';
import type { WatchedHealth } from '../requests/health.ts';
import type { Identify } from '../requests/identify.ts';
import type { RequestObserver } from '../requests/observer.ts';
import { HttpProblem } from '../requests/problem.ts';
import { checkRoom, type PredictDeps } from '../requests/serve.ts';
import { requestTimeout } from '../requests/to-problem.ts';
import type { Connections } from './connections.ts';
import { InferCall, tooLarge } from './infer-call.ts';
import type { InferResponse } from './infer-response.ts';
import { MessageProgress } from './message-progress.ts';
import { headerOf, ObservedCall } from './observed-call.ts';
import { INFER_METHOD, KEYED_METHODS } from './protocol.ts';
import { UNKNOWN_METHOD } from './unknown-methods.ts';

/** Most bytes of all messages of a call other than an inference: each of them holds a name or two. */
const MAX_OTHER_BYTES = 64 * 1024;
/** Time for the first of them to arrive. */
const OTHER_MESSAGE_MS = 10_000;
/** Most open calls other than inferences: so many that last as long as their clients like, and so many others. */
const MAX_OTHERS = 1024;

/** Open calls, and how to end each of them; the one that began first comes first. */
type OpenCalls = Map<ObservedCall, (error: unknown) => void>;

/** What gRPC needs besides what every protocol does. */
export interface GrpcDeps extends PredictDeps {
  readonly statistics: ModelStatistics;
  readonly health: WatchedHealth;
  readonly observer?: RequestObserver;
  /** Names the client of a call that needs a key. */
  readonly identify?: Identify;
}

/** The open calls of a server: observes all of them, bounds them, and serves the inferences. */
export class Calls {
  readonly #deps: GrpcDeps;
  readonly #connections: Connections;
  /** By the metadata that the handler gets. */
  readonly #inferences = new WeakMap<Metadata, InferCall>();
  /** Those that are answered at once when their message is here, until their clients have the answer. */
  readonly #unary: OpenCalls = new Map();
  /** Those that watch the service's health, and those of reflection. */
  readonly #streaming: OpenCalls = new Map();

  constructor(deps: GrpcDeps, connections: Connections) {
    this.#deps = deps;
    this.#connections = connections;
  }

  /** Sees every call before its handler. */
  readonly interceptor: ServerInterceptor = ({ path, responseStream }, base) => {
    const isInference = path === INFER_METHOD;
    const others = responseStream ? this.#streaming : this.#unary;
    let inference: InferCall | undefined;
    const call = new ObservedCall(path, base, this.#deps.observer, () => {
      inference?.end();
      others.delete(call);
      if (isInference) this.#connections.end(base);
    });
    if (isInference) this.#connections.begin(base);
    const fail = (error: unknown): void => {
      if (call.ended) return;
      const status = call.failure(error);
      outer.sendStatus(path === UNKNOWN_METHOD ? { ...status, code: codes.UNIMPLEMENTED } : status);
    };
    const refuse = (error: unknown): void => {
      call.whenRefusable(() => {
        fail(error);
      });
    };
    const outer: ServerInterceptingCall = new ServerInterceptingCall(base, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, forward) => {
            call.begin(metadata);
            try {
              if (path === UNKNOWN_METHOD) throw new HttpProblem('not-found', 'The service has no such method.');
              const client = KEYED_METHODS.has(path) ? this.#identify(call, metadata) : undefined;
              if (isInference) inference = this.#beginInference(call, client, metadata, fail);
              else this.#beginOther(call, others, fail);
            } catch (error) {
              refuse(error);
              return;
            }
            forward(metadata);
          },
        });
      },
      sendMessage: (message, next) => {
        if (!responseStream) call.expectTaken();
        next(message);
      },
      sendStatus: (status, next) => {
        // To grpc-js, a client that leaves has ended its messages and sent too few. It gets no status: see `ObservedCall`.
        if (call.stream.closed && !call.ended) return;
        next(call.end(status));
        // What it still waits for, as for the rest of a message that is too large, does not come any more.
        inference?.end();
        if (status.code !== codes.OK) call.stopReceiving();
      },
    });
    return outer;
  };

  /** The handler of ModelInfer. */
  readonly infer = (
    { metadata, request }: ServerUnaryCall<Uint8Array, InferResponse>,
    callback: sendUnaryData<InferResponse>,
  ): void => {
    this.#inferences.get(metadata)?.deliver(request, callback);
  };

  /** Ends the calls that could go on for ever. */
  endOthers(): void {
    for (const fail of [...this.#unary.values(), ...this.#streaming.values()]) {
      fail(new EngineUnavailable('The service is shutting down.'));
    }
  }

  /** Names the client of a call. @throws as {@link Identify} */
  #identify({ base, record }: ObservedCall, metadata: Metadata): string | undefined {
    const { remoteAddress: address } = base.getConnectionInfo();
    return this.#deps.identify?.({ header: (name) => headerOf(metadata, name), address, record });
  }

  #beginInference(
    call: ObservedCall,
    client: string | undefined,
    metadata: Metadata,
    fail: (error: unknown) => void,
  ): InferCall {
    const { limits } = this.#deps;
    // Under overload most calls end here, before anything else is done for them.
    checkRoom(this.#deps, client);
    const progress = new MessageProgress(call.stream, (bytes) => {
      if (bytes > limits.maxBodyMb * MIB) fail(tooLarge(limits.maxBodyMb));
    });
    const inference = new InferCall(call, this.#deps);
    this.#inferences.set(metadata, inference);
    inference.begin(client, progress, fail);
    return inference;
  }

  #beginOther(call: ObservedCall, others: OpenCalls, fail: (error: unknown) => void): void {
    if (others.size >= MAX_OTHERS) {
      const full = new Overloaded('calls', 1);
      if (others === this.#streaming) throw full;
      // The one that has waited longest gives way, for its message or for its client to take the answer: an honest client
      // sends the one with its metadata, and takes the other at once.
      const [[oldest, end] = []] = others;
      if (oldest !== undefined) others.delete(oldest);
      if (oldest?.isUntaken === true) oldest.abandon();
      else end?.(full);
    }
    others.set(call, fail);
    const late = setTimeout(() => {
      fail(requestTimeout(`The message did not arrive within ${OTHER_MESSAGE_MS} ms.`));
    }, OTHER_MESSAGE_MS).unref();
    call.stream.once('close', () => {
      clearTimeout(late);
    });
    const progress = new MessageProgress(call.stream, () => {
      clearTimeout(late);
      if (progress.isCompressed) {
        fail(new HttpProblem('unsupported-media-type', 'Only messages of ModelInfer may be compressed.'));
      }
    });
    progress.watch((total) => {
      if (total > MAX_OTHER_BYTES) {
        fail(new HttpProblem('body-too-large', `The messages must not be larger than ${MAX_OTHER_BYTES / 1024} KiB.`));
      }
    });
  }
}
