import { formatOf } from '../../../model/input/pixels/format.ts';
import { inTurns } from '../../../model/input/yielding-chunks.ts';
import { Base64Decoder } from '../body/base64.ts';
import { announcedBytes, readChunks } from '../body/body.ts';
import { ByteBuilder } from '../body/byte-builder.ts';
import { JsonReader } from '../body/json-body.ts';
import type { LongText } from '../body/long-text.ts';
import { inferBodySchema } from './schema.ts';
import type { InferBody, InferInput, InputName } from './schema.ts';
import { checkBody, decodeImage } from '../predict/input.ts';
import { MAX_TEXTS, textSchema } from '../predict/schema.ts';
import { HttpProblem } from '../problems/problem.ts';

/** The header of the binary tensor extension: how many bytes of the body are JSON. Tensors follow. */
export const JSON_LENGTH_HEADER = 'Inference-Header-Content-Length';

/** What is to be judged. There are as many images, and premises, as texts, or one for all of them. */
export interface InferRequest {
  readonly body: InferBody;
  readonly images: readonly Uint8Array[];
  readonly texts: readonly string[];
  /** None, one, or one for each text. */
  readonly premises: readonly string[];
}

/** An element of a BYTES tensor: text where it came in JSON, bytes where it came behind. */
type Element = string | LongText | Uint8Array;

/**
 * Reads an inference: JSON, or JSON with binary tensors behind it.
 *
 * @param maxBodyMb largest body in MiB
 * @throws HttpProblem that names the field or input at fault
 */
export async function readInferRequest(
  request: Request,
  maxBodyMb: number,
  signal: AbortSignal,
): Promise<InferRequest> {
  const expected = announcedBytes(request, maxBodyMb);
  const json = new JsonReader(expected);
  const jsonLength = jsonLengthOf(request);
  const binary = new ByteBuilder(Math.max(0, expected - jsonLength));
  let left = jsonLength;
  for await (const chunk of readChunks(request, maxBodyMb, signal)) {
    json.push(chunk.subarray(0, left));
    if (chunk.length > left) binary.append(chunk.subarray(left));
    left = Math.max(0, left - chunk.length);
  }
  if (jsonLength < Infinity && left > 0) {
    throw invalidHeader('is larger than the body');
  }
  const body = checkBody(inferBodySchema, json.finish());
  checkOutputs(body);
  return { body, ...(await toInputs(readTensors(body, binary.bytes()))) };
}

function jsonLengthOf(request: Request): number {
  const text = request.headers.get(JSON_LENGTH_HEADER);
  if (text === null) return Infinity;
  if (!/^\d{1,12}$/.test(text)) throw invalidHeader('must be a whole number of bytes');
  return Number(text);
}

/** Each output is given once: an answer must not grow with the request. */
function checkOutputs({ outputs = [] }: InferBody): void {
  const names = outputs.map(({ name }) => name);
  const again = names.find((name, index) => names.indexOf(name) < index);
  if (again === undefined) return;
  throw new HttpProblem('invalid-field', `The output "${again}" may be asked for only once.`, {
    field: 'outputs',
  });
}

type Tensors = ReadonlyMap<InputName, readonly Element[]>;

/** The elements of each input; those that are not in the JSON lie behind it in the inputs' order. */
function readTensors({ inputs }: InferBody, binary: Buffer): Tensors {
  const tensors = new Map<InputName, readonly Element[]>();
  let at = 0;
  for (const input of inputs) {
    const { name, data, parameters } = input;
    if (tensors.has(name)) throw invalid(name, 'may be given only once');
    const size = parameters?.binary_data_size;
    if ((size === undefined) === (data === undefined)) {
      throw invalid(name, 'must have either "data" or the parameter "binary_data_size"');
    }
    const end = at + (size ?? 0);
    if (end > binary.length) throw invalid(name, 'ends behind the end of the body');
    const elements: readonly Element[] = data ?? split(name, binary.subarray(at, end));
    at = end;
    checkShape(input, elements.length);
    tensors.set(name, elements);
  }
  if (at < binary.length) {
    throw new HttpProblem('malformed-body', 'The body has more bytes than its inputs say.');
  }
  return tensors;
}

/** The elements of a binary tensor: each a little-endian uint32 with its length, and its bytes. */
function split(name: InputName, bytes: Buffer): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw invalid(name, 'has an element that ends behind its end');
    if (elements.length === MAX_TEXTS) throw invalid(name, `must hold 1 to ${MAX_TEXTS} elements`);
    elements.push(bytes.subarray(start, end));
    at = end;
  }
  if (elements.length === 0) throw invalid(name, `must hold 1 to ${MAX_TEXTS} elements`);
  return elements;
}

function checkShape({ name, shape }: InferInput, elements: number): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size === elements) return;
  throw invalid(name, `has ${elements} element${elements === 1 ? '' : 's'} where its shape says ${size}`);
}

async function toInputs(tensors: Tensors): Promise<Omit<InferRequest, 'body'>> {
  const textsOf = (name: InputName): string[] | undefined =>
    tensors.get(name)?.map((element) => toText(name, element));
  const given = tensors.get('image');
  const texts = textsOf('text');
  const premises = textsOf('premise') ?? [];
  if (given === undefined) throw missing('image');
  if (texts === undefined) throw missing('text');
  for (const [name, count] of [
    ['image', given.length],
    ['premise', premises.length],
  ] as const) {
    if (count > 1 && count !== texts.length) {
      throw invalid(name, `must hold one element, or as many as "text", which has ${texts.length}`);
    }
  }
  const images: Uint8Array[] = [];
  for (const element of given) images.push(await toImage(element));
  return { images, texts, premises };
}

function toText(name: InputName, element: Element): string {
  const text = element instanceof Uint8Array ? decodeUtf8(name, element) : element;
  const parsed = textSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalid(name, `holds a text that ${parsed.error.issues[0]?.message ?? 'is not valid'}`);
}

function decodeUtf8(name: InputName, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(name, 'holds a text that is not UTF-8');
  }
}

/** An image file, as it is or in base64. What is neither is left as it is: the model says what it makes of it. */
async function toImage(element: Element): Promise<Uint8Array> {
  if (!(element instanceof Uint8Array)) return decodeImage(element, 'image');
  if (formatOf(element) !== undefined) return element;
  const decoder = new Base64Decoder(element.length);
  for await (const part of inTurns(element)) {
    decoder.push(Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1'));
  }
  return decoder.finish() ?? element;
}

function invalidHeader(what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The header ${JSON_LENGTH_HEADER} ${what}.`, {
    field: JSON_LENGTH_HEADER,
  });
}

function invalid(field: InputName, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The input "${field}" ${what}.`, { field });
}

function missing(field: InputName): HttpProblem {
  return new HttpProblem('missing-field', `The input "${field}" is missing.`, { field });
}
