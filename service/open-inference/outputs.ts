import type { Answer } from '../inference/answer.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import { OUTPUTS, type OutputDatatype, type OutputName } from './tensors.ts';

/** The elements of a tensor, item after item. */
type Values = readonly (string | number)[];

/** The elements of each output, item after item. */
const VALUES: Readonly<Record<OutputName, (answers: readonly Answer[], labels: readonly string[]) => Values>> = {
  label: (answers) => answers.map(({ label }) => label),
  result: (answers) => answers.map(({ result }) => result),
  confidence: (answers) => answers.map(({ confidence }) => confidence),
  // In the model's order: an object lists keys such as "1" before all others.
  probabilities: (answers, labels) => answers.flatMap(({ scores }) => labels.map((label) => scores[label] ?? 0)),
};

/** An output of an answer. */
export interface OutputTensor {
  readonly name: OutputName;
  readonly datatype: OutputDatatype;
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Makes an output from the answers to all items. */
export function outputTensor(name: OutputName, model: ModelInfo, answers: readonly Answer[]): OutputTensor {
  const { datatype, perItem } = OUTPUTS[name];
  const shape = [answers.length, ...perItem(model.labels.length)];
  return { name, datatype, shape, values: VALUES[name](answers, model.labels) };
}

/** The elements as bytes, little-endian; each text follows its length (uint32). */
export function toBytes({ datatype, values }: Pick<OutputTensor, 'datatype' | 'values'>): Buffer {
  return Buffer.concat(values.map((value) => elementBytes(datatype, value)));
}

function elementBytes(datatype: OutputDatatype, value: string | number): Buffer {
  const bytes = Buffer.alloc(datatype === 'INT64' ? 8 : 4);
  switch (datatype) {
    case 'FP32':
      bytes.writeFloatLE(Number(value));
      return bytes;
    case 'INT64':
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    case 'BYTES': {
      const text = Buffer.from(String(value));
      bytes.writeUInt32LE(text.length);
      return Buffer.concat([bytes, text]);
    }
  }
}
