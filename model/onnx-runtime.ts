/** ONNX Runtime without telemetry. Import it only from here: no-telemetry.ts must be loaded first. */
import './no-telemetry.ts';
import { createRequire } from 'node:module';
import type * as OnnxRuntime from 'onnxruntime-node';
import { UserError } from './errors.ts';
import { whyNotLoaded } from './onnx-runtime-platforms.ts';

export type InferenceSession = OnnxRuntime.InferenceSession;
export type Tensor = OnnxRuntime.Tensor;

export const { InferenceSession, Tensor } = load();

/** An import statement could not say in a sentence why there is no library for this machine. */
function load(): typeof OnnxRuntime {
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as typeof OnnxRuntime;
  } catch (error) {
    throw new UserError('runtime-unavailable', whyNotLoaded(error), { cause: error });
  }
}
