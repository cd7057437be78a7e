/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The library `ofa-ve`: see docs/library.md. What this file exports follows Semantic Versioning; everything else in the
 * package may change at any time.
 */

export { compileCheckpoint as compile } from '../model/compile/compile.ts';
export type { CompileOptions, CompileProgress } from '../model/compile/compile-options.ts';
export { UserError, type FailureCode } from '../model/errors.ts';
export {
  PixelsError,
  toPixels,
  type OrientationMode,
  type PixelsErrorCode,
  type ToPixelsOptions,
} from '../model/input/pixels/pixels.ts';
export type { TextWarning } from '../model/input/text-warnings.ts';
export type { Manifest } from '../model/package/manifest.ts';
export type { Answer } from '../service/inference/answer.ts';
export { EngineUnavailable, InputError, type InputField, type InputProblem } from '../service/inference/errors.ts';
export { openModel, predict, type Model, type ModelSettings, type PredictOptions, type Question } from './model.ts';
