export type { Dtype } from './dtype.ts';
export type { TensorInfo } from './tensor.ts';
export { openWeights, type Weights } from './weights.ts';
export { readConfig, type OfaConfig, type TaskConfig } from './config.ts';
