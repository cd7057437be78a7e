import type { Answer } from '../inference/answer.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import { MODEL_VERSION } from '../open-inference/model.ts';
import { outputTensor, toBytes, type OutputTensor } from '../open-inference/outputs.ts';
import type { InferRequest } from './infer-request.ts';

/** A ModelInferResponse of the protocol. */
export interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: { readonly digest: { readonly string_param: string } };
  readonly outputs: readonly object[];
  readonly raw_output_contents: readonly Buffer[];
}

/** The response: each requested output with its elements, or all of them as raw bytes. */
export function toInferResponse(model: ModelInfo, request: InferRequest, answers: readonly Answer[]): InferResponse {
  const { id, isRaw } = request;
  const outputs = request.outputs.map((name) => outputTensor(name, model, answers));
  return {
    model_name: model.name,
    model_version: MODEL_VERSION,
    parameters: { digest: { string_param: model.digest } },
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
