import type * as Sdk from '@aws-sdk/client-s3';
import { addAbortSignal, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../model/errors.ts';
import { checkProxies } from '../../model/proxies.ts';

/** Times that a broken response is continued in a row without a byte. */
const MAX_RESUMES = 5;
/** Wait before a broken response is continued for the first time, in milliseconds. */
const RESUME_MS = 200;
/** How long a connection may be silent, in milliseconds. */
const STALL_MS = 60_000;
/** Requests at once. */
const MAX_SOCKETS = 256;

/** An object, or what the keys of objects start with. */
export interface S3Address {
  readonly bucket: string;
  /** Without `/` at its start. */
  readonly key: string;
}

/** How an address of S3 begins; Hadoop's readers, and so Spark, name what uses S3 `s3a` or `s3n`. */
const SCHEME = /^s3[an]?:\/\//i;

/** Whether an address is one of S3 or a compatible service. */
export function isS3(address: string): boolean {
  return SCHEME.test(address);
}

/** An address as others name the same object. */
export function plainS3(address: string): string {
  return address.replace(SCHEME, 's3://');
}

/** @throws UserError `settings-invalid` */
export function parseS3(address: string): S3Address {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(plainS3(address)) ?? [];
  if (bucket !== undefined) return { bucket, key };
  throw new UserError('settings-invalid', `The address ${address} must be s3://BUCKET/KEY.`);
}

interface Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  /** Ends what is being asked for or read when the client is closed. */
  readonly closing: AbortController;
}

/** The SDK, loaded by the first run that needs it: it takes 0.2 s of processor time and 23 MiB. */
let loaded: Promise<Connection> | undefined;

/**
 * The client with the SDK's own chain of credentials, region and endpoint. An endpoint other than Amazon's is addressed
 * by paths, and without the checksums that many compatible services do not know.
 *
 * @param stallMs how long a connection may be silent; only the first call's counts, until {@link closeS3}
 * @throws UserError `settings-invalid`
 */
export function s3(stallMs = STALL_MS): Promise<Connection> {
  loaded ??= connect(process.env, stallMs);
  return loaded;
}

function connect(env: NodeJS.ProcessEnv, stallMs: number): Promise<Connection> {
  checkProxies(env);
  const isOther = hasEndpoint(env);
  return import('@aws-sdk/client-s3').then((sdk) => {
    // Older versions of Node.js ignore proxyEnv.
    const agent = { keepAlive: true, maxSockets: MAX_SOCKETS, proxyEnv: env };
    const client = new sdk.S3Client({
      forcePathStyle: isOther && env['S3_VIRTUAL_HOSTS'] !== 'on',
      maxAttempts: 5,
      // Not requestTimeout, after which the SDK merely logs a warning.
      requestHandler: { connectionTimeout: 10_000, socketTimeout: stallMs, httpAgent: agent, httpsAgent: agent },
      ...(isOther ? { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } : {}),
      ...(isOther && (env['AWS_REGION'] ?? '') === '' ? { region: 'us-east-1' } : {}),
    });
    return { sdk, client, closing: new AbortController() };
  });
}

/** Whether the environment names another service than Amazon's. @throws UserError `settings-invalid` if it is no address */
function hasEndpoint(env: NodeJS.ProcessEnv): boolean {
  const name = env['AWS_ENDPOINT_URL_S3'] === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';
  const value = env[name] ?? '';
  if (value === '') return false;
  if (URL.canParse(value) && /^https?:/i.test(value)) return true;
  const message = `${name} is "${value}" but must be the address of a service, such as http://minio.storage:9000.`;
  throw new UserError('settings-invalid', message);
}

/** Closes the client's connections, if there are any. What is being asked for or read from them fails. */
export async function closeS3(): Promise<void> {
  const current = await loaded;
  loaded = undefined;
  current?.closing.abort(new Error('the connections were closed'));
  current?.client.destroy();
}

/** What is known of an object without its bytes. @throws the SDK's error */
export async function headOf({ bucket, key }: S3Address): Promise<Sdk.HeadObjectCommandOutput> {
  const { sdk, client, closing } = await s3();
  const head = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key });
  return client.send(head, { abortSignal: closing.signal });
}

/** Bytes of an object. */
interface ObjectRange extends S3Address {
  /** Undefined to accept a changed object. */
  readonly etag: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** How to read an object. */
interface ReadOptions {
  /** A response that starts at `start`. @default a new one */
  readonly begun?: Sdk.GetObjectCommandOutput;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Streams bytes of an object. A connection that breaks is replaced by one that continues.
 *
 * @throws the SDK's error, or the signal's reason
 */
export async function* readObject(range: ObjectRange, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  const { closing } = await s3();
  const signal = AbortSignal.any([closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  let position = range.start;
  let response = options.begun;
  let failures = 0;
  while (position < range.end) {
    signal.throwIfAborted();
    response ??= await getRange({ ...range, start: position }, signal);
    try {
      for await (const chunk of addAbortSignal(signal, bodyOf(response)) as AsyncIterable<Uint8Array>) {
        failures = 0;
        position += chunk.length;
        yield chunk;
      }
      if (position < range.end) throw new Error('the connection was closed');
    } catch (error) {
      signal.throwIfAborted();
      if (++failures > MAX_RESUMES) throw error;
      await sleep(RESUME_MS * 2 ** (failures - 1));
    }
    response = undefined;
  }
}

/** Reads bytes of an object as {@link readObject} does, into memory. */
export async function readObjectBytes(range: ObjectRange, options?: ReadOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readObject(range, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The body of a response, which in Node.js is a stream. */
export function bodyOf({ Body: body }: Sdk.GetObjectCommandOutput): Readable {
  if (body instanceof Readable) return body;
  throw new Error('the response has no body');
}

async function getRange(
  { bucket, key, etag, start, end }: ObjectRange,
  signal: AbortSignal,
): Promise<Sdk.GetObjectCommandOutput> {
  const { sdk, client } = await s3();
  const range = { Range: `bytes=${start}-${end - 1}`, ...(etag === undefined ? {} : { IfMatch: etag }) };
  const get = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, ...range });
  return client.send(get, { abortSignal: signal });
}

/** The status of a refused request; undefined if there was no answer. */
export function s3Status(error: unknown): number | undefined {
  const { $metadata: metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return metadata?.httpStatusCode;
}

/** What the SDK says where no region is set. */
const NO_REGION = 'Region is missing';
/** Codes with which a service refuses requests whatever their object is: it no longer accepts the credentials, or had to wait. */
const REFUSES_ALL: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'TokenRefreshRequired',
  'InvalidToken',
  'InvalidTokenId',
  'InvalidAccessKeyId',
  'RequestTimeout',
]);
/** Statuses that mean the same, some of them of proxies: they want credentials, had to wait, or get too many requests. */
const REFUSING_ALL: ReadonlySet<number> = new Set([401, 407, 408, 429]);

/**
 * The error that ends a run where a request failed for no fault of its object: the service does not answer, or refuses
 * all requests.
 *
 * @param sentence its beginning, such as "Cannot read FILE"
 * @returns undefined where the failure is the object's own
 */
export function outage(sentence: string, error: unknown): UserError | undefined {
  if (error instanceof UserError) return error;
  const status = s3Status(error);
  const isRefusal = status !== undefined && status < 500 && !REFUSING_ALL.has(status);
  if (isRefusal && !(error instanceof Error && REFUSES_ALL.has(error.name))) return undefined;
  const code = error instanceof Error && error.message === NO_REGION ? 'settings-invalid' : 'network-unreachable';
  return new UserError(code, `${sentence}: ${s3Reason(error).message}.`, { cause: error });
}

/** Why a request failed, as an error whose message is the end of a sentence. */
export function s3Reason(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const region = otherRegion(error);
  const end =
    region === undefined
      ? sentenceEnd(name, message, s3Status(error))
      : `the bucket is in the region ${region}: set AWS_REGION to it`;
  return new Error(end, { cause: error });
}

/** The region that S3 names where it refuses a request of another; the answer to a HEAD says no more than that. */
function otherRegion(error: unknown): string | undefined {
  const { $response: response } = error as { readonly $response?: { readonly headers?: Record<string, string> } };
  return [301, 307, 400].includes(s3Status(error) ?? 0) ? response?.headers?.['x-amz-bucket-region'] : undefined;
}

function sentenceEnd(name: string, message: string, status: number | undefined): string {
  if (REFUSES_ALL.has(name)) return `${name}: ${message}`.replace(/\.$/, '');
  if (name === 'NoSuchBucket') return 'there is no such bucket';
  if (status === 404) return 'there is no such object';
  if (status === 403) return 'access is denied: check the credentials and the policy of the bucket';
  if (status === 412) return 'it was changed while it was read';
  if (name === 'CredentialsProviderError') {
    return 'there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or another source of the AWS SDK';
  }
  if (message === NO_REGION) return 'no region is set: set AWS_REGION to that of the bucket';
  // The name of the SDK's own errors says more than their message.
  const reason = message || 'no answer';
  return (name === 'Error' ? reason : `${name}: ${reason}`).replace(/\.$/, '');
}
