import {
  checkOutputs,
  checkShape,
  invalidInput,
  questionsOf,
  splitElements,
  type Element,
  type Tensors,
} from '../../open-inference/questions.ts';
import { OUTPUT_NAMES, type InputName, type OutputName } from '../../open-inference/tensors.ts';
import { checkBody } from '../../requests/check.ts';
import { workerOf, type JsonBody, type Parsed, type Parser } from '../../requests/parse.ts';
import { HttpProblem } from '../../requests/problem.ts';
import { parseJson } from '../body/json.ts';
import { inferBodySchema, type InferBody } from './schema.ts';

/** A parsed inference request. */
export interface InferRequest extends Parsed {
  readonly id: string | undefined;
  /** The outputs to answer with, and whether each is binary. */
  readonly outputs: readonly { readonly name: OutputName; readonly isBinary: boolean }[];
}

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
  checkOutputs(outputs.map(({ name }) => name));
  const isBinary = parameters?.binary_data_output ?? false;
  if (outputs.length > 0) {
    return outputs.map(({ name, parameters: own }) => ({ name, isBinary: own?.binary_data ?? isBinary }));
  }
  return OUTPUT_NAMES.map((name) => ({ name, isBinary }));
}

/** The elements of each input. Binary tensors follow the JSON in the order of the inputs. */
function readTensors({ inputs }: InferBody, binary: Buffer): Tensors {
  const tensors = new Map<InputName, readonly Element[]>();
  let at = 0;
  for (const input of inputs) {
    const { name, data, parameters } = input;
    if (tensors.has(name)) throw invalidInput(name, 'may be given only once');
    const size = parameters?.binary_data_size;
    if ((size === undefined) === (data === undefined)) {
      throw invalidInput(name, 'must have either "data" or the parameter "binary_data_size"');
    }
    const end = at + (size ?? 0);
    if (end > binary.length) throw invalidInput(name, 'extends beyond the end of the body');
    const elements = data ?? splitElements(name, binary.subarray(at, end));
    at = end;
    checkShape(name, input.shape, elements.length);
    tensors.set(name, elements);
  }
  if (at < binary.length) {
    throw new HttpProblem('malformed-body', 'The body has more binary data than its inputs declare.');
  }
  return tensors;
}
