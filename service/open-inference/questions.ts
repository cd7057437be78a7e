import { constants } from 'node:buffer';
import { formatOf } from '../../model/image-format.ts';
import type { Question } from '../inference/predictor.ts';
import { decodeBase64, decodeImage, emptyImage } from '../requests/base64.ts';
import { HttpProblem } from '../requests/problem.ts';
import { MAX_TEXTS, textSchema } from '../requests/text.ts';
import type { InputName, OutputName } from './tensors.ts';

/** An element of a BYTES tensor: a text from JSON, or bytes. */
export type Element = string | Uint8Array;
/** The elements of each input. */
export type Tensors = ReadonlyMap<InputName, readonly Element[]>;

/**
 * The elements of a binary tensor: each its length as a little-endian uint32, then its bytes.
 *
 * @throws HttpProblem `invalid-field`
 */
export function splitElements(name: InputName, bytes: Buffer): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw invalidInput(name, 'has an element that extends beyond its end');
    elements.push(bytes.subarray(start, end));
    if (elements.length > MAX_TEXTS) break;
    at = end;
  }
  if (elements.length > 0 && elements.length <= MAX_TEXTS) return elements;
  throw invalidInput(name, `must hold 1 to ${MAX_TEXTS} elements`);
}

/** @throws HttpProblem `invalid-field` if the shape stands for another number of elements */
export function checkShape(name: InputName, shape: readonly number[], elements: number): void {
  const size = shape.reduce((product, side) => product * side, 1);
  if (size === elements) return;
  throw invalidInput(name, `has ${elements} element${elements === 1 ? '' : 's'} but its shape says ${size}`);
}

/** @throws HttpProblem `invalid-field` if an output is requested twice, since the answer must not grow with the request */
export function checkOutputs(names: readonly OutputName[]): void {
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return;
  throw new HttpProblem('invalid-field', `The output "${repeated}" may be requested only once.`, { field: 'outputs' });
}

/**
 * One question where all texts share image and premise, else one for each text: equal images are decoded once.
 *
 * @throws HttpProblem that names the input at fault
 */
export function questionsOf(tensors: Tensors): Question[] {
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
      throw invalidInput(name, `must hold one element, or as many as "text", which has ${hypotheses.length}`);
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
  throw invalidInput(name, `holds a text that ${parsed.error.issues[0]?.message ?? 'is invalid'}`);
}

function decodeUtf8(name: InputName, bytes: Uint8Array): string {
  try {
    // A byte order mark is part of the text, as it is in JSON and forms.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidInput(name, 'holds a text that is not UTF-8');
  }
}

/** An image file, as it is or in base64. Bytes that are neither are left to the decoder, which says what they are. */
function toImage(element: Element): Uint8Array {
  if (typeof element === 'string') return decodeImage(element, 'image');
  if (element.length === 0) throw emptyImage('image');
  if (formatOf(element) !== undefined || element.length > constants.MAX_STRING_LENGTH) return element;
  return decodeBase64(Buffer.from(element).toString('latin1')) ?? element;
}

/** The error of an input's value. */
export function invalidInput(field: InputName, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The input "${field}" ${what}.`, { field });
}

function missing(field: InputName): HttpProblem {
  return new HttpProblem('missing-field', `The input "${field}" is missing.`, { field });
}
