import { version } from '../../model/version.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import { HttpProblem } from '../requests/problem.ts';
import { INPUTS, OUTPUTS } from './tensors.ts';

/** The only version of the model. The package's digest names it, too. */
export const MODEL_VERSION = '1';

/** The server's name and version. */
export const SERVER = { name: 'ofa-ve', version } as const;

interface TensorMetadata {
  name: string;
  datatype: string;
  /** -1 stands for any number of items. */
  shape: number[];
}

/** The model's inputs and outputs. */
interface ModelMetadata {
  name: string;
  versions: string[];
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

/**
 * Checks which model a request is for.
 *
 * @param name @default the model served
 * @param version "1" or the package's digest. @default the only version
 * @throws HttpProblem `not-found`
 */
export function checkModel(model: ModelInfo, name = model.name, version = MODEL_VERSION): void {
  if (name !== model.name) {
    throw new HttpProblem('not-found', `There is no such model; this service has ${model.name}.`);
  }
  if (modelVersions(model).includes(version)) return;
  const detail = `There is no such version; this service has ${MODEL_VERSION}, which is also called ${model.digest}.`;
  throw new HttpProblem('not-found', detail);
}

/** The names of the model's only version. */
function modelVersions({ digest }: ModelInfo): string[] {
  return [MODEL_VERSION, digest];
}

export function modelMetadata(model: ModelInfo): ModelMetadata {
  return {
    name: model.name,
    versions: modelVersions(model),
    platform: 'onnxruntime_onnx',
    inputs: INPUTS.map((name) => ({ name, datatype: 'BYTES', shape: [-1] })),
    outputs: Object.entries(OUTPUTS).map(([name, { datatype, perItem }]) => ({
      name,
      datatype,
      shape: [-1, ...perItem(model.answers.length)],
    })),
  };
}
