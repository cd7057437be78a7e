import { createGunzip, createInflate } from 'node:zlib';
import type { sendUnaryData } from '@grpc/grpc-js';
import { abortable } from '../../model/abort.ts';
import { MIB } from '../../model/bytes.ts';
import { checkModel } from '../open-inference/model.ts';
import { HttpProblem, malformedBody } from '../requests/problem.ts';
import { serveQuestions, type Arrival, type PredictDeps } from '../requests/serve.ts';
import { readInferRequest, type InferRequest } from './infer-request.ts';
import { toInferResponse, type InferResponse } from './infer-response.ts';
import type { MessageProgress } from './message-progress.ts';
import type { ObservedCall } from './observed-call.ts';

/** A message as grpc-js hands it over: complete, and compressed if the client has compressed it. */
interface Delivery {
  readonly bytes: Uint8Array;
  readonly callback: sendUnaryData<InferResponse>;
}

/** An inference, from its metadata to its answer. */
export class InferCall {
  readonly #call: ObservedCall;
  readonly #deps: PredictDeps;
  readonly #disconnected = new AbortController();
  #deliver: (delivery: Delivery) => void = () => undefined;

  constructor(call: ObservedCall, deps: PredictDeps) {
    this.#call = call;
    this.#deps = deps;
  }

  /**
   * Starts to serve the call, whose message has yet to arrive.
   *
   * @param client name of the client
   * @param onFailure called with the error to answer
   */
  begin(client: string | undefined, progress: MessageProgress, onFailure: (error: unknown) => void): void {
    const { record, timeoutMs } = this.#call;
    const incoming = { record, client, timeoutMs, disconnected: this.#disconnected.signal, announcedBytes: 0 };
    const delivered = new Promise<Delivery>((resolve) => {
      this.#deliver = resolve;
    });
    let callback: sendUnaryData<InferResponse> | undefined;
    const read = async (arrival: Arrival): Promise<InferRequest> => {
      const { signal } = arrival;
      const failed = new Promise<never>((_, reject) => {
        progress.watch((total) => {
          try {
            arrival.onBytes(total);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      });
      const delivery = await abortable(Promise.race([delivered, failed]), signal);
      ({ callback } = delivery);
      // Before its end: what a message grows to counts as its size.
      const message = progress.isCompressed ? await this.#inflate(delivery.bytes, arrival) : delivery.bytes;
      arrival.onEnd();
      const request = await readInferRequest(message, signal);
      checkModel(this.#deps.predictor.model, request.modelName, request.modelVersion);
      return request;
    };
    serveQuestions(incoming, this.#deps, read)
      .then((served) => {
        callback?.(null, toInferResponse(this.#deps.predictor.model, served));
      })
      .catch(onFailure);
  }

  /** Hands over the complete message. @param callback sends the response */
  deliver(bytes: Uint8Array, callback: sendUnaryData<InferResponse>): void {
    this.#deliver({ bytes, callback });
  }

  /** Gives up what has not been done: the client has left, or has been answered. */
  end(): void {
    this.#disconnected.abort();
  }

  async #inflate(bytes: Uint8Array, { signal, onBytes }: Arrival): Promise<Uint8Array> {
    const { encoding } = this.#call;
    if (encoding !== 'gzip' && encoding !== 'deflate') {
      throw new HttpProblem('unsupported-media-type', 'Messages may be compressed by gzip or deflate only.');
    }
    const inflater = encoding === 'gzip' ? createGunzip() : createInflate();
    const chunks: Buffer[] = [];
    let total = 0;
    inflater.end(bytes);
    try {
      for await (const chunk of inflater as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        total += chunk.length;
        if (total > this.#deps.limits.maxBodyMb * MIB) throw tooLarge(this.#deps.limits.maxBodyMb);
        onBytes(bytes.length + total);
        chunks.push(chunk);
      }
    } catch (cause) {
      if (!(cause instanceof Error) || !('code' in cause)) throw cause;
      throw malformed(encoding, cause);
    }
    // As over HTTP: a decoder ignores what follows the compressed data.
    if (inflater.bytesWritten < bytes.length) throw malformed(encoding);
    return Buffer.concat(chunks);
  }
}

/** The error of a message that is larger than MAX_BODY_MB. */
export function tooLarge(maxMib: number): HttpProblem {
  return new HttpProblem('body-too-large', `The message must not be larger than ${maxMib} MiB.`);
}

function malformed(encoding: string, cause?: unknown): HttpProblem {
  return malformedBody(`The message is not valid ${encoding}.`, cause);
}
