export type { FetchedFile, FetchProgress } from './downloader.ts';
export { fetchModel, type FetchOptions } from './fetch-model.ts';
export { DEFAULT_PRESET, type Preset, type PresetResources, PRESETS } from './presets.ts';
export { DEFAULT_ENDPOINT, ENDPOINT_VARIABLE, isAddress, modelSource, type ModelSource } from './source.ts';
