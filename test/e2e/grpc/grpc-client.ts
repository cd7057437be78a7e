import { readFile } from 'node:fs/promises';
import { credentials, makeGenericClientConstructor, Metadata, type Client, type ServiceError } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { afterEach } from 'vitest';
import { PROTOCOL, SERVICE_NAME } from '../../../service/grpc/protocol.ts';
import { fixtureFile } from '../../../testing/fixtures.ts';
import type { TestService } from '../service.ts';

const service = PROTOCOL[SERVICE_NAME] as ServiceDefinition;

/** How a call ended. */
interface Answer<Response> {
  /** 0 if it succeeded. */
  readonly code: number;
  readonly details: string;
  readonly response: Response | undefined;
  /** Trailing metadata. */
  readonly trailers: Record<string, string | Buffer>;
}

/** A call in progress. */
interface Call<Response> {
  readonly answer: Promise<Answer<Response>>;
  readonly cancel: () => void;
}

interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Milliseconds from now. */
  readonly deadlineMs?: number;
  readonly compress?: 'gzip' | 'deflate';
}

export interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, { readonly string_param: string }>>;
  readonly outputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly string[];
    readonly contents?: Readonly<Record<string, readonly unknown[]>>;
  }[];
  readonly raw_output_contents: readonly Buffer[];
}

/** A client of the protocol. */
export interface GrpcClient {
  readonly client: Client;
  readonly call: <Response = object>(method: string, request: object, options?: CallOptions) => Call<Response>;
  readonly infer: (request: object, options?: CallOptions) => Call<InferResponse>;
}

/** Opens clients for the tests of one file. Each is closed after its test. */
export function grpcClients(): (live: Pick<TestService, 'grpcPort'>, options?: object) => GrpcClient {
  const opened: Client[] = [];
  afterEach(() => {
    for (const client of opened.splice(0)) client.close();
  });
  const Constructor = makeGenericClientConstructor(service, SERVICE_NAME);
  return ({ grpcPort }, options = {}) => {
    const client = new Constructor(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), {
      // A connection of its own.
      'grpc.use_local_subchannel_pool': 1,
      ...options,
    });
    opened.push(client);
    const call = <Response>(method: string, request: object, more?: CallOptions) =>
      start<Response>(client, method, request, more);
    return { client, call, infer: (request, more) => call<InferResponse>('ModelInfer', request, more) };
  };
}

function start<Response>(client: Client, name: string, request: object, options: CallOptions = {}): Call<Response> {
  const method = service[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
  if (options.compress !== undefined) metadata.set('grpc-internal-encoding-request', options.compress);
  let cancel: () => void = () => undefined;
  const answer = new Promise<Answer<Response>>((resolve) => {
    let error: ServiceError | null = null;
    let response: Response | undefined;
    const call = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
      (failure, value) => {
        error = failure;
        response = value as Response | undefined;
      },
    );
    cancel = () => {
      call.cancel();
    };
    call.on('status', ({ code, details, metadata: trailers }) => {
      // After the callback.
      setImmediate(() => {
        resolve({ code, details: error?.details ?? details, response, trailers: trailers.getMap() });
      });
    });
  });
  return { answer, cancel };
}

/** One image and some texts, typed. */
export async function inferRequest(texts: readonly string[]): Promise<object> {
  const bytes = await readFile(fixtureFile('mini-none', 'image-00.png'));
  return {
    inputs: [
      { name: 'image', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [bytes] } },
      {
        name: 'text',
        datatype: 'BYTES',
        shape: [texts.length],
        contents: { bytes_contents: texts.map((text) => Buffer.from(text)) },
      },
    ],
  };
}

/** The same request with raw inputs. */
export async function rawInferRequest(texts: readonly string[]): Promise<object> {
  const bytes = await readFile(fixtureFile('mini-none', 'image-00.png'));
  const raw = (elements: readonly Buffer[]): Buffer =>
    Buffer.concat(
      elements.flatMap((element) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(element.length);
        return [length, element];
      }),
    );
  return {
    inputs: [
      { name: 'image', datatype: 'BYTES', shape: [1] },
      { name: 'text', datatype: 'BYTES', shape: [texts.length] },
    ],
    raw_input_contents: [raw([bytes]), raw(texts.map((text) => Buffer.from(text)))],
  };
}
