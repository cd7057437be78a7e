import { z } from 'zod';
import { formatOf } from '../../model/image-format.ts';
import { checkOutputs, checkShape, invalidInput, questionsOf, splitElements } from '../open-inference/questions.ts';
import {
  idSchema,
  inputFields,
  inputsOf,
  MAX_DIMENSIONS,
  outputNameSchema,
  outputsOf,
  refuseExtensions,
  UNSUPPORTED,
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

/** A parameter: a bool, a whole number or the length of a text; undefined if it is anything else. */
type Parameter = boolean | number | undefined;
type Parameters = Record<string, Parameter>;

/** A message as it was sent, but for the fields that are of no interest. */
interface InferMessage {
  modelName: string;
  modelVersion: string;
  id: string;
  isRaw: boolean | undefined;
  inputs: { name: string; datatype: string; shape: number[]; contents: Uint8Array[]; parameters: Parameters }[];
  outputs: { name: string; parameters: Parameters }[];
  raw: Uint8Array[];
}

const parameters = z.looseObject({}).superRefine(refuseExtensions);
const messageSchema = z.object({
  id: idSchema,
  inputs: inputsOf(z.object({ ...inputFields, contents: z.array(z.instanceof(Uint8Array)), parameters })),
  outputs: outputsOf(z.object({ name: outputNameSchema, parameters })),
});

/** Longest name, in bytes; also of the model and of parameters. */
const MAX_NAME_BYTES = 4 * MAX_TEXT_CHARACTERS;

/** A request whose questions have yet to be decoded. */
interface Undecoded {
  readonly request: Omit<InferRequest, keyof Parsed>;
  readonly tensors: ReadonlyMap<InputName, readonly Uint8Array[]>;
}

/** Parses a message in a worker thread. */
const parser: Parser<InferRequest> = { module: import.meta.url, parse: ({ bytes }) => decode(parse(bytes)) };
export default workerOf(parser.parse);

/**
 * Reads an inference request.
 *
 * @param bytes a ModelInferRequest
 * @throws HttpProblem that names the field or input at fault, or the signal's reason
 */
export async function readInferRequest(bytes: Uint8Array, signal: AbortSignal): Promise<InferRequest> {
  const undecoded = parse(bytes);
  // Files are used where they lie; only large base64 takes long to decode.
  const isLarge = [...undecoded.tensors.values()]
    .flat()
    .some((element) => element.length >= WORKER_BYTES && formatOf(element) === undefined);
  if (!isLarge) return decode(undecoded);
  return parseBody(parser, { bytes: new Uint8Array(bytes), jsonLength: 0 }, signal);
}

function decode({ request, tensors }: Undecoded): InferRequest {
  return { ...request, questions: questionsOf(tensors) };
}

function parse(bytes: Uint8Array): Undecoded {
  const message = readFields(bytes);
  const { id, inputs, outputs } = checkBody(messageSchema, message);
  const names = outputs.map(({ name }) => name);
  checkOutputs(names);
  return {
    request: {
      modelName: message.modelName === '' ? undefined : message.modelName,
      modelVersion: message.modelVersion === '' ? undefined : message.modelVersion,
      id,
      outputs: names.length > 0 ? names : OUTPUT_NAMES,
      isRaw: message.isRaw ?? message.raw.length > 0,
    },
    tensors: readTensors(inputs, message.raw),
  };
}

type Inputs = z.output<typeof messageSchema>['inputs'];

function readTensors(inputs: Inputs, raw: readonly Uint8Array[]): Undecoded['tensors'] {
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new HttpProblem(
      'invalid-field',
      `The field "raw_input_contents" must hold one element for each input: ${inputs.length}, not ${raw.length}.`,
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

function readFields(bytes: Uint8Array): InferMessage {
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
      const [key, value] = decodeParameter(field);
      if (key === 'binary_data_output') message.isRaw = typeof value === 'boolean' ? value : undefined;
    },
    5: (field) => message.inputs.push(decodeInput(field)),
    6: (field) => {
      const output: InferMessage['outputs'][number] = { name: '', parameters: {} };
      field.message({
        1: (inner) => (output.name = name(inner)),
        2: (inner) => {
          addParameter(output.parameters, inner);
        },
      });
      message.outputs.push(output);
    },
    7: (field) => message.raw.push(field.bytes()),
  });
  return message;
}

function decodeInput(field: WireField): InferMessage['inputs'][number] {
  const input: InferMessage['inputs'][number] = {
    name: '',
    datatype: '',
    shape: [],
    contents: [],
    parameters: {},
  };
  field.message({
    1: (inner) => (input.name = inner.text(MAX_NAME_BYTES)),
    2: (inner) => (input.datatype = inner.text(MAX_NAME_BYTES)),
    3: (inner) => input.shape.push(...inner.integers(MAX_DIMENSIONS)),
    4: (inner) => {
      addParameter(input.parameters, inner);
    },
    5: (inner) => {
      inner.message({ 8: (contents) => input.contents.push(contents.bytes()) });
    },
  });
  return input;
}

function addParameter(parameters: Parameters, field: WireField): void {
  const [name, value] = decodeParameter(field);
  // Others are hints.
  if (Object.hasOwn(UNSUPPORTED, name)) parameters[name] = value;
}

/** An entry of a map of parameters. */
function decodeParameter(field: WireField): [name: string, value: Parameter] {
  let name = '';
  let parameter: Parameter;
  field.message({
    1: (key) => (name = key.text(MAX_NAME_BYTES)),
    2: (choice) => {
      const integer = (value: WireField): void => {
        [parameter] = value.integers(1);
      };
      choice.message({
        1: (value) => (parameter = value.bool()),
        2: integer,
        3: (value) => (parameter = value.bytes().length),
        5: integer,
      });
    },
  });
  return [name, parameter];
}
