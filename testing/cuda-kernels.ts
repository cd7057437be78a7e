import type { Graph, Node } from '../model/compile/onnx/graph.ts';
import type { DataType } from '../model/compile/onnx/tensor.ts';

const FLOAT: readonly DataType[] = ['float32', 'float16'];
const NUMBER: readonly DataType[] = [...FLOAT, 'uint8', 'int32', 'int64'];
const ANY: readonly DataType[] = [...NUMBER, 'bool'];
const INDEX: readonly DataType[] = ['int32', 'int64'];
const SHAPE: readonly DataType[] = ['int64'];

/** The CUDA kernel of an operator: types of its inputs, the last of them for all further ones. */
interface Kernel {
  readonly inputs: readonly (readonly DataType[])[];
  /** Inputs that it takes from the host's memory. */
  readonly host?: readonly number[];
}

/**
 * What ONNX Runtime's CUDA provider has kernels for, of the operators as opset 21 has them. Source:
 * docs/OperatorKernels.md of ONNX Runtime, section CUDAExecutionProvider. A kernel listed there for `N+` takes
 * only operators that have not changed since opset N (`VerifyVersion` in core/framework/kernel_registry.cc): that is
 * why Equal, which opset 19 changed, is missing here. ONNX Runtime 1.26, the last release for CUDA 12, has none for it.
 */
const KERNELS: Readonly<Record<string, Kernel>> = {
  Add: { inputs: [NUMBER] },
  Cast: { inputs: [ANY] },
  Concat: { inputs: [ANY] },
  Conv: { inputs: [FLOAT] },
  Gather: { inputs: [ANY, INDEX] },
  Gelu: { inputs: [FLOAT] },
  Identity: { inputs: [ANY] },
  LayerNormalization: { inputs: [FLOAT] },
  LogSoftmax: { inputs: [FLOAT] },
  MatMul: { inputs: [FLOAT] },
  MaxPool: { inputs: [['float32', 'float16', 'uint8']] },
  Mul: { inputs: [NUMBER] },
  'com.microsoft.MultiHeadAttention': { inputs: [FLOAT] },
  Not: { inputs: [['bool']] },
  Pad: { inputs: [['float32', 'float16', 'bool'], SHAPE, [...FLOAT, 'bool'], INDEX], host: [1, 2, 3] },
  ReduceSum: { inputs: [['float32', 'float16', 'int32', 'int64'], SHAPE], host: [1] },
  Relu: { inputs: [FLOAT] },
  Reshape: { inputs: [ANY, SHAPE], host: [1] },
  Shape: { inputs: [ANY] },
  Slice: { inputs: [ANY, INDEX], host: [1, 2, 3, 4] },
  Softmax: { inputs: [FLOAT] },
  Sub: { inputs: [NUMBER] },
  Transpose: { inputs: [ANY] },
  Unsqueeze: { inputs: [ANY, SHAPE], host: [1] },
};

/** Positions of the key mask and the bias among the inputs of MultiHeadAttention. */
const KEY_MASK = 4;
const BIAS = 5;

/** An operator with the types that it meets in a graph. */
interface OperatorUse {
  readonly operator: string;
  /** As `float16, int64 -> float16`: each type once. */
  readonly types: string;
  readonly count: number;
}

/** What stands against a graph running on CUDA alone. */
export interface CudaReport {
  /** By operator and types, in alphabetical order. */
  readonly uses: readonly OperatorUse[];
  /** One sentence each; none for a graph that is as it should be. */
  readonly violations: readonly string[];
}

/**
 * Checks without a GPU that every node of a graph has a CUDA kernel for its types, that no shape is computed with
 * (such arithmetic runs on the CPU, and its copies stall the stream), and that every attention has what the
 * memory-efficient kernel asks for: a bias and no key mask.
 */
export function checkForCuda(graph: Graph): CudaReport {
  const types = typesOf(graph);
  const uses = new Map<string, OperatorUse>();
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    const use = { operator, types: describeTypes(node, types) };
    const key = `${use.operator} ${use.types}`;
    uses.set(key, { ...use, count: (uses.get(key)?.count ?? 0) + 1 });
  }
  return {
    uses: [...uses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use),
    violations: [
      ...graph.nodes.flatMap((node) => kernelViolations(node, types)),
      ...shapeViolations(graph),
      ...graph.nodes.flatMap(attentionViolations),
    ],
  };
}

/** The element type of every tensor of a graph, by name. */
export function typesOf(graph: Graph): Map<string, DataType> {
  const values = [...graph.inputs.map((port) => port.value), ...graph.initializers];
  for (const node of graph.nodes) values.push(...node.outputs);
  return new Map(values.map((value) => [value.name, value.type]));
}

const operatorOf = (node: Node): string => (node.domain === '' ? node.op : `${node.domain}.${node.op}`);

function describeTypes(node: Node, types: ReadonlyMap<string, DataType>): string {
  const taken = node.inputs.filter((name) => name !== '').map((name) => types.get(name) ?? 'nothing');
  return `${[...new Set(taken)].join(', ')} -> ${node.outputs.map((value) => value.type).join(', ')}`;
}

function kernelViolations(node: Node, types: ReadonlyMap<string, DataType>): string[] {
  const operator = operatorOf(node);
  const kernel = KERNELS[operator];
  if (!kernel) return [`${node.name}: CUDA has no kernel for ${operator}.`];
  return node.inputs.flatMap((name, at) => {
    const type = types.get(name);
    const allowed: readonly (DataType | undefined)[] = kernel.inputs[at] ?? kernel.inputs.at(-1) ?? [];
    if (name === '' || allowed.includes(type)) return [];
    return [`${node.name}: CUDA has no ${operator} with ${type ?? 'nothing'} as input ${at}.`];
  });
}

/** Shapes have to go from Shape straight to where a kernel reads them in the host's memory. */
function shapeViolations(graph: Graph): string[] {
  const constants = new Set(graph.initializers.map((each) => each.name));
  const shapes = new Set(
    graph.nodes.filter((node) => node.op === 'Shape').flatMap((node) => node.outputs.map(({ name }) => name)),
  );
  return graph.nodes.flatMap((node) => {
    const host = KERNELS[operatorOf(node)]?.host ?? [];
    return node.inputs.flatMap((name, at) => {
      if (name === '') return [];
      if (host.includes(at)) {
        const known = constants.has(name) || shapes.has(name);
        return known ? [] : [`${node.name}: input ${at}, ${name}, would be copied back from the GPU.`];
      }
      return shapes.has(name) ? [`${node.name}: computes with a shape, ${name}, on the CPU.`] : [];
    });
  });
}

function attentionViolations(node: Node): string[] {
  if (node.op !== 'MultiHeadAttention') return [];
  const given = (at: number): boolean => (node.inputs[at] ?? '') !== '';
  return [
    ...(given(KEY_MASK) ? [`${node.name}: a key mask rules out every fused kernel.`] : []),
    ...(given(BIAS) ? [] : [`${node.name}: has no bias, so that padding would be seen.`]),
  ];
}
