import type { ModelInfo } from '../inference/predictor.ts';
import { MODEL_VERSION } from '../open-inference/model.ts';
import { outputTensor, toBytes, type OutputTensor } from '../open-inference/outputs.ts';
import { answerParameters, type AnswerParameters } from '../open-inference/parameters.ts';
import type { Served } from '../requests/serve.ts';
import type { InferRequest } from './infer-request.ts';

/** A ModelInferResponse of the protocol. */
export interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Partial<Record<keyof AnswerParameters, { readonly string_param: string }>>>;
  readonly outputs: readonly object[];
  readonly raw_output_contents: readonly Buffer[];
}

/** The response: each requested output with its elements, or all of them as raw bytes. */
export function toInferResponse(model: ModelInfo, served: Served<InferRequest>): InferResponse {
  const { input: request, answers, textWarnings } = served;
  const { id, isRaw } = request;
  const parameters = Object.entries(answerParameters(model, textWarnings));
  const outputs = request.outputs.map((name) => outputTensor(name, model, answers));
  return {
    model_name: model.name,
    model_version: MODEL_VERSION,
    parameters: Object.fromEntries(parameters.map(([name, value]) => [name, { string_param: value as string }])),
    id,
    outputs: outputs.map(({ name, datatype, shape, values }) => ({
      name,
      datatype,
      shape,
      ...(isRaw ? {} : { contents: contentsOf({ datatype, values }) }),
    })),
    raw_output_contents: isRaw ? outputs.map(toBytes) : [],
  };
}

function contentsOf({ datatype, values }: Pick<OutputTensor, 'datatype' | 'values'>): object {
  switch (datatype) {
    case 'FP32':
      return { fp32_contents: values };
    case 'INT64':
      return { int64_contents: values };
    case 'BYTES':
      return { bytes_contents: values.map((value) => Buffer.from(String(value))) };
  }
}
