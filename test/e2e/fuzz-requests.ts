import { readFile } from 'node:fs/promises';
import { SeededRandom } from '../../testing/random.ts';
import { fixtureFile } from '../../testing/fixtures.ts';

/** A request to send. */
export interface Fuzzed {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Random whole numbers below a bound. */
type Random = (below: number) => number;
type Content = Pick<Fuzzed, 'headers' | 'body'>;
interface Seed {
  readonly path: string;
  /** A request that is well formed, or whose JSON has been mutated, before its bytes are. */
  readonly make: (random: Random) => Content;
}

/** Small pictures of each format. */
const PICTURES = [
  'size-1x1.jpg',
  'size-2x3.jpg',
  'size-64x64.jpg',
  'jpeg-q30.jpg',
  'gif-transparent.gif',
  'png-1bit.png',
  'webp-lossy.webp',
  'tiff-raw.tiff',
].map((name) => new URL(`../fixtures/images/${name}`, import.meta.url));

const JSON_LENGTH = 'inference-header-content-length';
/** In Latin-1: clients can send nothing else in a header. */
const ODD_VALUES = [
  '',
  '0',
  '-1',
  '300',
  '1e9',
  'NaN',
  'a'.repeat(5000),
  '\u00e9',
  '00-0-0-0',
  '*/*',
  'bytes=0-1',
  '100-continue',
];
const HEADERS = [
  'x-request-timeout-ms',
  'x-request-id',
  'traceparent',
  'content-encoding',
  'accept',
  'range',
  'expect',
  'host',
  JSON_LENGTH,
];
const TYPES = ['multipart/form-data; boundary=edge', 'application/json', 'image/png', 'multipart/form-data'];
const PATHS = ['/', '/docs/..%2f..%2fetc', '/v2', '/v2/models/x/infer', '/healthz?x=%00', '/predict'];
const METHODS = ['POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'OPTIONS', 'DELETE'];
const ODD_JSON = [null, true, 0, -1, 1.5, 1e308, '', 'a'.repeat(20_000), '\ud800', '__proto__', [], {}];
/** Most characters of a repeated JSON member. */
const MAX_REPEATED = 100_000;

/** A function that makes a request from a seed. @param modelPath the model's path in the Open Inference Protocol */
export async function makeFuzzer(modelPath: string, version: string): Promise<(seed: number) => Fuzzed> {
  const files = [fixtureFile('mini-none', 'image-00.png'), ...PICTURES];
  const pictures = await Promise.all(files.map((file) => readFile(file)));
  const seeds = makeSeeds(pictures, modelPath, version);
  return (seed) => {
    const numbers = new SeededRandom(seed);
    const random: Random = (below) => numbers.integer(below);
    const { path, make } = pick(seeds, random);
    const { headers, body } = make(random);
    return {
      method: pick(METHODS, random),
      path: random(3) === 0 ? pick(PATHS, random) : path,
      headers: {
        ...headers,
        ...(random(10) === 0 ? { 'content-type': pick(TYPES, random) } : {}),
        ...(random(5) === 0 ? { [pick(HEADERS, random)]: pick(ODD_VALUES, random) } : {}),
      },
      body: mutate(body, random),
    };
  };
}

function makeSeeds(pictures: readonly Buffer[], modelPath: string, version: string): Seed[] {
  const picture = (random: Random): Buffer => pick(pictures, random);
  const infer = { make: (random: Random) => inferInJson(picture(random), random) };
  const inferBinary = { make: (random: Random) => inferInBytes(picture(random), random) };
  const inferPath = `${modelPath}/infer`;
  const versionedPath = `${modelPath}/versions/${version}/infer`;
  return [
    { path: '/predict', make: (random) => form(picture(random), random) },
    { path: '/predict', make: (random) => predictInJson(picture(random), random) },
    { path: '/demo/pixels', make: (random) => form(picture(random), random) },
    { path: inferPath, ...infer },
    { path: inferPath, ...inferBinary },
    { path: versionedPath, ...infer },
    { path: versionedPath, ...inferBinary },
    { path: '/predict', make: () => ({ headers: { 'content-type': 'text/plain' }, body: Buffer.alloc(0) }) },
  ];
}

function form(picture: Buffer, random: Random): Content {
  const text = '\r\n--edge\r\ncontent-disposition: form-data; name="text"\r\n\r\na dog';
  const body = Buffer.concat([
    Buffer.from('--edge\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
    picture,
    Buffer.from(`${text.repeat(random(8) === 0 ? random(60) : 1)}\r\n--edge--\r\n`),
  ]);
  return { headers: { 'content-type': 'multipart/form-data; boundary=edge' }, body };
}

function predictInJson(picture: Buffer, random: Random): Content {
  const image = picture.toString('base64');
  const body = random(2) === 0 ? { image, text: 'a dog' } : { image, texts: ['a dog', 'a cat'] };
  return inJson(body, random);
}

const OUTPUTS = [{ name: 'label' }, { name: 'probabilities', parameters: { binary_data: false } }];

function inferInJson(picture: Buffer, random: Random): Content {
  const inputs = [
    { name: 'image', shape: [1], datatype: 'BYTES', data: [picture.toString('base64')] },
    { name: 'text', shape: [2, 1], datatype: 'BYTES', data: [['a dog'], ['a cat']] },
  ];
  return inJson({ id: 'a', inputs, ...(random(2) === 0 ? { outputs: OUTPUTS } : {}) }, random);
}

function inJson(body: object, random: Random): Content {
  const text = JSON.stringify(random(2) === 0 ? body : mutateJson(body, random));
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
}

/** The binary tensor extension; the length of the JSON is right unless that header is mutated. */
function inferInBytes(picture: Buffer, random: Random): Content {
  const tensors = [tensor(picture), tensor(Buffer.from('a dog'))];
  const inputs = ['image', 'text'].map((name, index) => ({
    name,
    shape: [1],
    datatype: 'BYTES',
    parameters: { binary_data_size: tensors[index]?.length },
  }));
  const { body } = inJson({ inputs, parameters: { binary_data_output: true } }, random);
  return {
    headers: { 'content-type': 'application/octet-stream', [JSON_LENGTH]: String(body.length) },
    body: Buffer.concat([body, ...tensors]),
  };
}

function tensor(element: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(element.length);
  return Buffer.concat([length, element]);
}

/** Repeats, nests, replaces or removes a random member of a list or an object. */
function mutateJson(value: object, random: Random): unknown {
  const copy = structuredClone(value);
  const holder = pick(holdersIn(copy), random);
  const keys = Object.keys(holder);
  const key = keys.length === 0 ? 'a' : pick(keys, random);
  const member = Reflect.get(holder, key) as unknown;
  switch (random(5)) {
    case 0:
    case 1: {
      const most = Math.floor(MAX_REPEATED / (JSON.stringify(member ?? null).length + 1));
      const copies = Array<unknown>(random(2) === 0 ? random(40) : random(most + 1)).fill(member ?? null);
      if (Array.isArray(holder)) holder.push(...copies);
      else Reflect.set(holder, key, copies);
      break;
    }
    case 2:
      Reflect.set(holder, key, nest(member, random));
      break;
    case 3:
      Reflect.set(holder, key, pick(ODD_JSON, random));
      break;
    default:
      Reflect.deleteProperty(holder, key);
  }
  return copy;
}

function nest(member: unknown, random: Random): unknown {
  let nested = member ?? null;
  const isList = random(2) === 0;
  for (let depth = random(4) === 0 ? random(1000) : random(3) + 1; depth > 0; depth--) {
    nested = isList ? [nested] : { name: nested };
  }
  return nested;
}

/** Every list and object in a value, including the value itself. */
function holdersIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(holdersIn)];
}

/** Overwrites, removes, duplicates, inserts or truncates bytes. */
function mutate(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let times = random(4); times > 0; times--) {
    const at = random(result.length + 1);
    const length = random(64);
    const [before, after] = [result.subarray(0, at), result.subarray(at)];
    switch (random(5)) {
      case 0:
        if (result.length > 0) result[at % result.length] = random(256);
        break;
      case 1:
        result = Buffer.concat([before, after.subarray(length)]);
        break;
      case 2:
        result = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 3:
        result = Buffer.concat([before, Buffer.alloc(length, random(256)), after]);
        break;
      default:
        result = Buffer.from(before);
    }
  }
  return result;
}

function pick<T>(values: readonly T[], random: Random): T {
  return values[random(values.length)] as T;
}
