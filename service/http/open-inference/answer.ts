import type { z } from '@hono/zod-openapi';
import type { Answer } from '../../inference/answer.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import type { InferRequest } from './parse.ts';
import { JSON_LENGTH_HEADER, OUTPUTS, type inferAnswerSchema, type OutputName } from './schema.ts';

type InferAnswer = z.infer<typeof inferAnswerSchema>;
type Values = readonly (string | number)[];

/** The elements of each output, item after item. */
const VALUES: Readonly<Record<OutputName, (answers: readonly Answer[], labels: readonly string[]) => Values>> = {
  label: (answers) => answers.map(({ label }) => label),
  result: (answers) => answers.map(({ result }) => result),
  confidence: (answers) => answers.map(({ confidence }) => confidence),
  // In the model's order: an object lists keys such as "1" before all others.
  probabilities: (answers, labels) => answers.flatMap(({ scores }) => labels.map((label) => scores[label] ?? 0)),
};

/** The response: each requested output in the JSON, or as bytes behind it (the binary tensor extension). */
export function toInferAnswer(model: ModelInfo, request: InferRequest, answers: readonly Answer[]): Response {
  const binary: Buffer[] = [];
  const outputs = request.outputs.map(({ name, isBinary }): InferAnswer['outputs'][number] => {
    const { datatype, perItem } = OUTPUTS[name];
    const tensor = { name, shape: [answers.length, ...perItem(model.answers.length)], datatype };
    const values = VALUES[name](answers, model.answers);
    if (!isBinary) return { ...tensor, data: [...values] };
    const bytes = Buffer.concat(values.map((value) => toBytes(datatype, value)));
    binary.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const answer: InferAnswer = {
    model_name: model.name,
    model_version: model.digest,
    ...(request.id === undefined ? {} : { id: request.id }),
    outputs,
  };
  if (binary.length === 0) return Response.json(answer);
  const json = Buffer.from(JSON.stringify(answer));
  return new Response(Buffer.concat([json, ...binary]), {
    headers: {
      'content-type': 'application/octet-stream',
      [JSON_LENGTH_HEADER]: String(json.length),
    },
  });
}

/** One element, little-endian; a text follows its length. */
function toBytes(datatype: (typeof OUTPUTS)[OutputName]['datatype'], value: string | number): Buffer {
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
