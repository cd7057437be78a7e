import { version } from '../../model/version.ts';
import type { ModelInfo } from '../inference/predictor.ts';
import type { Health } from '../requests/health.ts';
import { HttpProblem } from '../requests/problem.ts';
import type { ModelConfig, ModelMetadata, RepositoryIndex } from './management-schema.ts';
import { INPUTS, OUTPUTS } from './tensors.ts';

/** The only version of the model. The package's digest names it, too. */
export const MODEL_VERSION = '1';

/** The server's name and version, and the extensions of the protocol that it has. */
export const SERVER = {
  name: 'ofa-ve',
  version,
  extensions: ['binary_tensor_data', 'model_configuration', 'statistics'],
};

const PLATFORM = 'onnxruntime_onnx';

/** Why a request is not for the model served, as a sentence; undefined if it is. */
function refusal(model: ModelInfo, name: string, version: string): string | undefined {
  if (name !== model.name) return `There is no such model; this service has ${model.name}.`;
  if (modelVersions(model).includes(version)) return undefined;
  return `There is no such version; this service has ${MODEL_VERSION}, which is also called ${model.digest}.`;
}

/**
 * Checks which model a request is for.
 *
 * @param name @default the model served
 * @param version "1" or the package's digest. @default the only version
 * @throws HttpProblem `not-found`
 */
export function checkModel(model: ModelInfo, name = model.name, version = MODEL_VERSION): void {
  const detail = refusal(model, name, version);
  if (detail !== undefined) throw new HttpProblem('not-found', detail);
}

/** Whether this is the model served, see {@link checkModel}. */
export function isModel(model: ModelInfo, name = model.name, version = MODEL_VERSION): boolean {
  return refusal(model, name, version) === undefined;
}

/** The names of the model's only version. */
export function modelVersions({ digest }: ModelInfo): string[] {
  return [MODEL_VERSION, digest];
}

/** The model's inputs and outputs; -1 stands for any number of items. */
function tensorsOf({ labels }: ModelInfo) {
  return {
    inputs: INPUTS.map((name) => ({ name, datatype: 'BYTES' as const, shape: [-1] })),
    outputs: Object.entries(OUTPUTS).map(([name, { datatype, perItem }]) => ({
      name,
      datatype,
      shape: [-1, ...perItem(labels.length)],
    })),
  };
}

export function modelMetadata(model: ModelInfo): ModelMetadata {
  return { name: model.name, versions: modelVersions(model), platform: PLATFORM, ...tensorsOf(model) };
}

/** Triton's names of the datatypes in a model's configuration. */
const CONFIG_TYPES = { BYTES: 'TYPE_STRING', INT64: 'TYPE_INT64', FP32: 'TYPE_FP32' } as const;

export function modelConfiguration(model: ModelInfo): ModelConfig {
  const { inputs, outputs } = tensorsOf(model);
  const config = (tensor: (typeof inputs | typeof outputs)[number]) => ({
    name: tensor.name,
    data_type: CONFIG_TYPES[tensor.datatype],
    dims: tensor.shape,
  });
  return {
    name: model.name,
    platform: PLATFORM,
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: inputs.map((input) => ({ ...config(input), optional: input.name === 'premise' })),
    output: outputs.map(config),
    parameters: {
      digest: { string_value: model.digest },
      precision: { string_value: model.precision },
      labels: { string_value: model.labels.join(',') },
    },
  };
}

/**
 * The index of the model repository: its only model.
 *
 * @param onlyReady whether to leave out a model that is not ready
 */
export function repositoryIndex({ name }: ModelInfo, health: Health, onlyReady: boolean): RepositoryIndex {
  const ready = health.ready();
  if (ready.ok) return [{ name, version: MODEL_VERSION, state: 'READY', reason: '' }];
  if (onlyReady) return [];
  const state = health.started().ok ? 'UNAVAILABLE' : 'LOADING';
  return [{ name, version: MODEL_VERSION, state, reason: ready.reason }];
}
