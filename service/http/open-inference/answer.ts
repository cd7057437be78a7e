import type { z } from '@hono/zod-openapi';
import type { Answer } from '../../inference/answer.ts';
import type { ModelInfo } from '../../inference/predictor.ts';
import { JSON_LENGTH_HEADER } from './request.ts';
import { OUTPUTS } from './schema.ts';
import type { inferAnswerSchema, InferBody, OutputName } from './schema.ts';

type InferAnswer = z.infer<typeof inferAnswerSchema>;
type Values = readonly (string | number)[];

/** What an answer has for each output, item after item. */
const VALUES: Readonly<
  Record<OutputName, (answers: readonly Answer[], labels: readonly string[]) => Values>
> = {
  label: (answers) => answers.map(({ label }) => label),
  result: (answers) => answers.map(({ result }) => result),
  confidence: (answers) => answers.map(({ confidence }) => confidence),
  // By the model's order: an object has names such as "1" before all others.
  probabilities: (answers, labels) =>
    answers.flatMap(({ scores }) => labels.map((label) => scores[label] ?? 0)),
};

/**
 * The answer as the client wants it: each output in the JSON, or as bytes behind it (the binary tensor extension).
 *
 * @param body the request, with the outputs that are wanted
 */
export function toInferAnswer(model: ModelInfo, body: InferBody, answers: readonly Answer[]): Response {
  const all = (Object.keys(OUTPUTS) as OutputName[]).map((name) => ({ name }));
  const wanted: NonNullable<InferBody['outputs']> = body.outputs?.length ? body.outputs : all;
  const binary: Buffer[] = [];
  const outputs = wanted.map(({ name, parameters }): InferAnswer['outputs'][number] => {
    const { datatype, perItem } = OUTPUTS[name];
    const tensor = { name, shape: [answers.length, ...perItem(model.answers.length)], datatype };
    const values = VALUES[name](answers, model.answers);
    const isBinary = parameters?.binary_data ?? body.parameters?.binary_data_output ?? false;
    if (!isBinary) return { ...tensor, data: [...values] };
    const bytes = Buffer.concat(values.map((value) => toBytes(datatype, value)));
    binary.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const answer: InferAnswer = {
    model_name: model.name,
    model_version: model.digest,
    ...(body.id === undefined ? {} : { id: body.id }),
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

/** One element, little-endian. */
function toBytes(datatype: (typeof OUTPUTS)[OutputName]['datatype'], value: string | number): Buffer {
  switch (datatype) {
    case 'FP32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(Number(value));
      return bytes;
    }
    case 'INT64': {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value));
      return bytes;
    }
    case 'BYTES': {
      const text = Buffer.from(String(value));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return Buffer.concat([length, text]);
    }
  }
}
