import { z } from 'zod';
import { formatOf } from '../../model/image-format.ts';
import {
  checkOutputs,
  checkShape,
  invalidInput,
  questionsOf,
  splitElements,
  type Tensors,
} from '../open-inference/questions.ts';
import {
  idSchema,
  inputFields,
  inputsOf,
  MAX_DIMENSIONS,
  outputNameSchema,
  outputsOf,
} from '../open-inference/schema.ts';
import { OUTPUT_NAMES, type InputName, type OutputName } from '../open-inference/tensors.ts';
import { checkBody } from '../requests/check.ts';
import { parseBody, WORKER_BYTES, workerOf, type Parsed, type Parser } from '../requests/parse.ts';
import { HttpProblem } from '../requests/problem.ts';
import { MAX_TEXT_CHARACTERS, MAX_TEXTS } from '../requests/text.ts';
import { readMessage, type WireField } from './wire.ts';

/** A parsed inference request. */
export interface InferRequest extends Parsed {
  /** Undefined for the model served. */
  readonly modelName: string | undefined;
  /** Undefined for the version served. */
  readonly modelVersion: string | undefined;
  /** Empty if there is none. */
  readonly id: string;
  readonly outputs: readonly OutputName[];
  /** Whether the outputs are answered as raw bytes. */
  readonly isRaw: boolean;
}

/** A message as it was sent, but for the fields that are of no interest. */
interface InferMessage {
  modelName: string;
  modelVersion: string;
  id: string;
  isRaw: boolean | undefined;
  inputs: { name: string; datatype: string; shape: number[]; contents: Uint8Array[] }[];
  outputs: { name: string }[];
  raw: Uint8Array[];
}

const messageSchema = z.object({
  id: idSchema,
  inputs: inputsOf(z.object({ ...inputFields, contents: z.array(z.instanceof(Uint8Array)) })),
  outputs: outputsOf(z.object({ name: outputNameSchema })),
});

/** Longest name, in bytes; also of the model and of parameters. */
const MAX_NAME_BYTES = 4 * MAX_TEXT_CHARACTERS;

/** Parses a message in a worker thread. */
const parser: Parser<InferRequest> = { module: import.meta.url, parse: ({ bytes }) => parse(decode(bytes)) };
export default workerOf(parser.parse);

/**
 * Reads an inference request.
 *
 * @param bytes a ModelInferRequest
 * @throws HttpProblem that names the field or input at fault, or the signal's reason
 */
export async function readInferRequest(bytes: Uint8Array, signal: AbortSignal): Promise<InferRequest> {
  const message = decode(bytes);
  // Files are used where they lie; only large base64 takes long to decode.
  const isLargeText = (element: Uint8Array): boolean =>
    element.length >= WORKER_BYTES && formatOf(element) === undefined;
  const elements = [...message.raw, ...message.inputs.flatMap(({ contents }) => contents)];
  const isLarge = message.raw.some((tensor) => isLargeText(tensor.subarray(4))) || elements.some(isLargeText);
  if (!isLarge) return parse(message);
  return parseBody(parser, { bytes: new Uint8Array(bytes), jsonLength: 0 }, signal);
}

function parse(message: InferMessage): InferRequest {
  const { id, inputs, outputs } = checkBody(messageSchema, message);
  const names = outputs.map(({ name }) => name);
  checkOutputs(names);
  return {
    modelName: message.modelName === '' ? undefined : message.modelName,
    modelVersion: message.modelVersion === '' ? undefined : message.modelVersion,
    id,
    outputs: names.length > 0 ? names : OUTPUT_NAMES,
    isRaw: message.isRaw ?? message.raw.length > 0,
    questions: questionsOf(readTensors(inputs, message.raw)),
  };
}

type Inputs = z.output<typeof messageSchema>['inputs'];

function readTensors(inputs: Inputs, raw: readonly Uint8Array[]): Tensors {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new HttpProblem(
      'invalid-field',
      `The field "raw_input_contents" must hold one element for each of the ${inputs.length} inputs, not ${raw.length}.`,
      { field: 'raw_input_contents' },
    );
  }
  const tensors = new Map<InputName, readonly Uint8Array[]>();
  for (const [index, { name, shape, contents }] of inputs.entries()) {
    if (tensors.has(name)) throw invalidInput(name, 'may be given only once');
    const tensor = raw[index];
    if ((tensor === undefined) === (contents.length === 0)) {
      throw invalidInput(name, 'must have its elements either in "contents.bytes_contents" or in "raw_input_contents"');
    }
    if (contents.length > MAX_TEXTS) throw invalidInput(name, `must hold 1 to ${MAX_TEXTS} elements`);
    const elements =
      tensor === undefined
        ? contents
        : splitElements(name, Buffer.from(tensor.buffer, tensor.byteOffset, tensor.length));
    checkShape(name, shape, elements.length);
    tensors.set(name, elements);
  }
  return tensors;
}

function decode(bytes: Uint8Array): InferMessage {
  const message: InferMessage = {
    modelName: '',
    modelVersion: '',
    id: '',
    isRaw: undefined,
    inputs: [],
    outputs: [],
    raw: [],
  };
  const name = (field: WireField): string => field.text(MAX_NAME_BYTES);
  readMessage(bytes, {
    1: (field) => (message.modelName = name(field)),
    2: (field) => (message.modelVersion = name(field)),
    3: (field) => (message.id = name(field)),
    4: (field) => {
      const parameter = decodeFlag(field);
      if (parameter.name === 'binary_data_output') message.isRaw = parameter.value;
    },
    5: (field) => message.inputs.push(decodeInput(field)),
    6: (field) => {
      const output = { name: '' };
      field.message({ 1: (inner) => (output.name = name(inner)) });
      message.outputs.push(output);
    },
    7: (field) => message.raw.push(field.bytes()),
  });
  return message;
}

function decodeInput(field: WireField): InferMessage['inputs'][number] {
  const input: InferMessage['inputs'][number] = { name: '', datatype: '', shape: [], contents: [] };
  field.message({
    1: (inner) => (input.name = inner.text(MAX_NAME_BYTES)),
    2: (inner) => (input.datatype = inner.text(MAX_NAME_BYTES)),
    3: (inner) => input.shape.push(...inner.integers(MAX_DIMENSIONS)),
    5: (inner) => {
      inner.message({ 8: (contents) => input.contents.push(contents.bytes()) });
    },
  });
  return input;
}

/** An entry of a map of parameters, whose value is undefined unless it is a bool. */
function decodeFlag(field: WireField): { name: string; value: boolean | undefined } {
  const flag: ReturnType<typeof decodeFlag> = { name: '', value: undefined };
  field.message({
    1: (key) => (flag.name = key.text(MAX_NAME_BYTES)),
    2: (choice) => {
      choice.message({ 1: (value) => (flag.value = value.bool()) });
    },
  });
  return flag;
}
