/** ONNX Runtime, which sends nothing anywhere. It is imported from here alone: the order of these two lines counts. */
import './no-telemetry.ts';

export { InferenceSession, Tensor } from 'onnxruntime-node';
