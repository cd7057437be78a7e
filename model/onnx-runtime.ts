/** ONNX Runtime without telemetry. Import it only from here: no-telemetry.ts must be loaded first. */
import './no-telemetry.ts';

export { InferenceSession, Tensor } from 'onnxruntime-node';
