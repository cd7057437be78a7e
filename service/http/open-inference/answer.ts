import type { z } from '@hono/zod-openapi';
import type { ModelInfo } from '../../inference/predictor.ts';
import { MODEL_VERSION } from '../../open-inference/model.ts';
import { outputTensor, toBytes } from '../../open-inference/outputs.ts';
import { answerParameters } from '../../open-inference/parameters.ts';
import type { Served } from '../../requests/serve.ts';
import type { InferRequest } from './parse.ts';
import { JSON_LENGTH_HEADER, type inferAnswerSchema } from './schema.ts';

type InferAnswer = z.infer<typeof inferAnswerSchema>;

/** The response: each requested output in the JSON, or as bytes behind it (the binary tensor extension). */
export function toInferAnswer(model: ModelInfo, served: Served<InferRequest>): Response {
  const { input: request, answers } = served;
  const binary: Buffer[] = [];
  const outputs = request.outputs.map(({ name, isBinary }): InferAnswer['outputs'][number] => {
    const { datatype, shape, values } = outputTensor(name, model, answers);
    const tensor = { name, shape: [...shape], datatype };
    if (!isBinary) return { ...tensor, data: [...values] };
    const bytes = toBytes({ datatype, values });
    binary.push(bytes);
    return { ...tensor, parameters: { binary_data_size: bytes.length } };
  });
  const answer: InferAnswer = {
    model_name: model.name,
    model_version: MODEL_VERSION,
    ...(request.id === undefined ? {} : { id: request.id }),
    parameters: answerParameters(model, served.textWarnings),
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
