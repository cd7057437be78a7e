import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights, readConfig } from '../../model/checkpoint/index.ts';
import { ofaGraph } from '../../model/ofa/graph.ts';
import type { Graph, Node } from '../../model/onnx/graph.ts';
import type { DataType } from '../../model/onnx/tensor.ts';
import { answerTokens, VARIANTS, writeVariantCheckpoint } from '../support/checkpoints.ts';
import type { Variant } from '../support/checkpoints.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FLOAT: readonly DataType[] = ['float32', 'float16'];
const ANY: readonly DataType[] = ['float32', 'float16', 'uint8', 'int32', 'int64', 'bool'];

/**
 * Types that ONNX Runtime's CUDA provider has kernels for at opset 21, of each operator's first input. Source:
 * docs/OperatorKernels.md of ONNX Runtime, section CUDAExecutionProvider.
 */
const CUDA_KERNELS: Readonly<Record<string, readonly DataType[]>> = {
  Add: ['float32', 'float16', 'int32', 'int64', 'uint8'],
  Cast: ANY,
  Concat: ANY,
  Conv: FLOAT,
  Equal: ['float32', 'float16', 'int32', 'int64', 'bool'],
  Gather: ANY,
  Gelu: FLOAT,
  Identity: ANY,
  LayerNormalization: FLOAT,
  LogSoftmax: FLOAT,
  MatMul: FLOAT,
  MaxPool: ['float32', 'float16', 'uint8'],
  Mul: ['float32', 'float16', 'int32', 'int64', 'uint8'],
  'com.microsoft.MultiHeadAttention': FLOAT,
  Not: ['bool'],
  Pad: ['float32', 'float16', 'bool'],
  ReduceSum: ['float32', 'float16', 'int32', 'int64'],
  Relu: FLOAT,
  Reshape: ANY,
  Shape: ANY,
  Slice: ANY,
  Softmax: FLOAT,
  Sub: ['float32', 'float16', 'int32', 'int64', 'uint8'],
  Transpose: ANY,
  Unsqueeze: ANY,
};

/** Inputs that a CUDA kernel takes from the host's memory, so that a shape may come there directly. */
const HOST_INPUTS: Readonly<Record<string, readonly number[]>> = { Slice: [1, 2, 3, 4], Reshape: [1] };

async function halfGraph(variant: Variant): Promise<Graph> {
  const folder = path.join(tempFolder(), 'checkpoint');
  writeVariantCheckpoint(folder, variant);
  const { model: config, task } = await readConfig(folder);
  const weights = await openWeights(folder);
  try {
    const vocabulary = { size: 390, special: { bos: 0, pad: 1, eos: 2 }, answers: answerTokens(variant) };
    return ofaGraph({ weights, config, task, vocabulary, textLength: 88, precision: 'fp16' }).graph;
  } finally {
    await weights.close();
  }
}

function typesOf(graph: Graph): Map<string, DataType> {
  const values = [...graph.inputs.map((port) => port.value), ...graph.initializers];
  for (const node of graph.nodes) values.push(...node.outputs);
  return new Map(values.map((value) => [value.name, value.type]));
}

const operatorOf = (node: Node): string => (node.domain === '' ? node.op : `${node.domain}.${node.op}`);

describe.each(VARIANTS)('the half-precision graph on CUDA: $name', (variant) => {
  test('has a kernel for every node, no arithmetic on shapes, and no attention with a key mask', async () => {
    const graph = await halfGraph(variant);
    const types = typesOf(graph);
    const shapes = new Set<string>();
    for (const node of graph.nodes) {
      const operator = operatorOf(node);
      const type = types.get(node.inputs[0] ?? '');
      expect(CUDA_KERNELS[operator], `${node.name} (${operator} of ${type ?? 'nothing'})`).toContain(type);
      node.inputs.forEach((input, at) => {
        // Anything else that took a shape would be moved to the CPU.
        if (shapes.has(input)) expect(HOST_INPUTS[operator], node.name).toContain(at);
      });
      if (node.op === 'Shape') for (const output of node.outputs) shapes.add(output.name);
      if (node.op === 'MultiHeadAttention') {
        expect(node.inputs[4], `${node.name} has a key mask`).toBe('');
        expect(node.inputs[5], `${node.name} has no bias`).not.toBe('');
      }
    }
  });

  test('softmax over sources, the answers and what leaves the graph are float32', async () => {
    const graph = await halfGraph(variant);
    const types = typesOf(graph);
    for (const node of graph.nodes) {
      if (node.op !== 'Softmax' && node.op !== 'LogSoftmax') continue;
      expect(types.get(node.inputs[0] ?? ''), node.name).toBe('float32');
    }
    for (const port of graph.outputs) expect(port.value.type).toBe('float32');
    const matrices = graph.nodes.filter((node) => node.op === 'Conv' || node.op === 'MultiHeadAttention');
    for (const node of matrices) expect(types.get(node.inputs[0] ?? ''), node.name).toBe('float16');
  });
});
