import { constants } from 'node:buffer';
import { formatOf } from '../../../model/image-format.ts';
import type { Question } from '../../inference/predictor.ts';
import { decodeBase64, decodeImage, emptyImage } from '../body/base64.ts';
import { checkBody } from '../body/check.ts';
import { parseJson, type JsonBody } from '../body/json.ts';
import { workerOf, type Parsed, type Parser } from '../body/parse.ts';
import { MAX_TEXTS, textSchema } from '../predict/schema.ts';
import { HttpProblem } from '../problems/problem.ts';
import {
  inferBodySchema,
  OUTPUTS,
  type InferBody,
  type InferInput,
  type InputName,
  type OutputName,
} from './schema.ts';

/** A parsed inference request. */
export interface InferRequest extends Parsed {
  readonly id: string | undefined;
  /** The outputs to answer with, and whether each is binary. */
  readonly outputs: readonly { readonly name: OutputName; readonly isBinary: boolean }[];
}

/** An element of a BYTES tensor: text from JSON, bytes from the binary data. */
type Element = string | Uint8Array;
type Tensors = ReadonlyMap<InputName, readonly Element[]>;

/** Parses JSON and the binary tensors behind it. */
export const parser: Parser<InferRequest> = { module: import.meta.url, parse };
export default workerOf(parse);

function parse(whole: JsonBody): InferRequest {
  const body = checkBody(inferBodySchema, parseJson(whole));
  const { buffer, byteOffset, length } = whole.bytes;
  const binary = Buffer.from(buffer, byteOffset, length).subarray(whole.jsonLength);
  return { id: body.id, outputs: outputsOf(body), questions: questionsOf(readTensors(body, binary)) };
}

function outputsOf({ outputs = [], parameters }: InferBody): InferRequest['outputs'] {
  const names = outputs.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  // The answer must not grow with the request.
  if (repeated !== undefined) {
    throw new HttpProblem('invalid-field', `The output "${repeated}" may be requested only once.`, {
      field: 'outputs',
    });
  }
  const isBinary = parameters?.binary_data_output ?? false;
  if (outputs.length > 0) {
    return outputs.map(({ name, parameters: own }) => ({ name, isBinary: own?.binary_data ?? isBinary }));
  }
  return (Object.keys(OUTPUTS) as OutputName[]).map((name) => ({ name, isBinary }));
}

/** The elements of each input. Binary tensors follow the JSON in the order of the inputs. */
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
    if (end > binary.length) throw invalid(name, 'extends beyond the end of the body');
    const elements = data ?? split(name, binary.subarray(at, end));
    at = end;
    checkShape(input, elements.length);
    tensors.set(name, elements);
  }
  if (at < binary.length) {
    throw new HttpProblem('malformed-body', 'The body has more binary data than its inputs declare.');
  }
  return tensors;
}

/** The elements of a binary tensor: each its length as a little-endian uint32, then its bytes. */
function split(name: InputName, bytes: Buffer): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw invalid(name, 'has an element that extends beyond its end');
    elements.push(bytes.subarray(start, end));
    if (elements.length > MAX_TEXTS) break;
    at = end;
  }
  if (elements.length > 0 && elements.length <= MAX_TEXTS) return elements;
  throw invalid(name, `must hold 1 to ${MAX_TEXTS} elements`);
}

function checkShape({ name, shape }: InferInput, elements: number): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size === elements) return;
  throw invalid(name, `has ${elements} element${elements === 1 ? '' : 's'} but its shape says ${size}`);
}

/** One question where all texts share image and premise, else one for each text: equal images are decoded once. */
function questionsOf(tensors: Tensors): Question[] {
  const textsOf = (name: InputName): string[] | undefined => tensors.get(name)?.map((element) => toText(name, element));
  const hypotheses = textsOf('text');
  const premises = textsOf('premise') ?? [];
  const encoded = tensors.get('image');
  if (encoded === undefined) throw missing('image');
  if (hypotheses === undefined) throw missing('text');
  for (const [name, { length }] of [
    ['image', encoded],
    ['premise', premises],
  ] as const) {
    if (length > 1 && length !== hypotheses.length) {
      throw invalid(name, `must hold one element, or as many as "text", which has ${hypotheses.length}`);
    }
  }
  const images = encoded.map(toImage);
  const [image = new Uint8Array()] = images;
  const [premise] = premises;
  if (images.length === 1 && premises.length <= 1) return [{ image, hypotheses, premise }];
  return hypotheses.map((hypothesis, index) => ({
    image: images[index] ?? image,
    hypotheses: [hypothesis],
    premise: premises[index] ?? premise,
  }));
}

function toText(name: InputName, element: Element): string {
  const text = typeof element === 'string' ? element : decodeUtf8(name, element);
  const parsed = textSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalid(name, `holds a text that ${parsed.error.issues[0]?.message ?? 'is invalid'}`);
}

function decodeUtf8(name: InputName, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(name, 'holds a text that is not UTF-8');
  }
}

/** An image file, as it is or in base64. Bytes that are neither are left to the decoder, which says what they are. */
function toImage(element: Element): Uint8Array {
  if (typeof element === 'string') return decodeImage(element, 'image');
  if (element.length === 0) throw emptyImage('image');
  if (formatOf(element) !== undefined || element.length > constants.MAX_STRING_LENGTH) return element;
  return decodeBase64(Buffer.from(element).toString('latin1')) ?? element;
}

function invalid(field: InputName, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The input "${field}" ${what}.`, { field });
}

function missing(field: InputName): HttpProblem {
  return new HttpProblem('missing-field', `The input "${field}" is missing.`, { field });
}
