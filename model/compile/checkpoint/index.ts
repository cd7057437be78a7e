export type { Dtype } from './dtype.ts';
export { readPartNames } from './shards.ts';
export { openWeights, WEIGHT_FILES, type Weights } from './weights.ts';
export { readConfig, type OfaConfig, type TaskConfig } from './config.ts';
