import type { Graph, Node, Port, Value } from './graph.ts';
import { DATA_TYPES, type Initializer } from './tensor.ts';
import { unfusedAttention } from './unfused-attention.ts';

/** A number that tells how large the values of one tensor get. */
export interface Reading {
  /** The operation that makes the tensor. */
  readonly node: string;
  /** The graph's output with the largest magnitude before rounding: float32, a scalar. */
  readonly output: string;
}

/** A graph that rounds, and what it tells besides its answers. */
export interface HalfSimulation {
  readonly graph: Graph;
  /** The graph's constants that the one simulated does not have; small ones. */
  readonly added: readonly Initializer[];
  /** In the order in which the nodes run. */
  readonly readings: readonly Reading[];
}

/** Operations that move values, pick among them or make them 0: what comes out was rounded before. */
const MOVING: ReadonlySet<string> = new Set([
  'Concat',
  'Gather',
  'Identity',
  'MaxPool',
  'Pad',
  'Relu',
  'Reshape',
  'Slice',
  'Transpose',
  'Unsqueeze',
]);

/**
 * The graph with float16 arithmetic made explicit: every operation with a float16 result computes in float32 from
 * operands that are rounded to float16, and its result is rounded before anything reads it. A CPU that runs the
 * float16 graph itself leaves out roundings wherever it has no float16 kernel.
 *
 * That is how ONNX Runtime's CUDA provider computes it: cuBLAS adds up in float32 (HalfGemmOptions in
 * core/providers/cuda/cuda_common.h), so does cuDNN (nn/conv.cc), and the kernels for LayerNormalization, Gelu and
 * fused attention keep their inner values in float32. Attention that no fused kernel takes is simulated step by step,
 * see {@link unfusedAttention}. Where the provider fuses nodes it rounds less often than this. Left out: partial sums
 * of a product that cuBLAS splits are added in float16, and a convolution's bias is added to a rounded product.
 *
 * The result must run without graph optimisation, which takes casts there and back for superfluous.
 *
 * @param graph a graph or a part of one; its float16 inputs and outputs become float32 with rounded values
 */
export function simulateHalf(graph: Graph): HalfSimulation {
  const simulation = new Simulation(graph);
  for (const node of graph.nodes) simulation.add(node);
  return simulation.finish();
}

const isHalf = (value: { readonly type: Value['type'] }): boolean => value.type === 'float16';
const asFloat = (value: Value): Value => (isHalf(value) ? { ...value, type: 'float32' } : value);

class Simulation {
  readonly #graph: Graph;
  readonly #constants: ReadonlyMap<string, Initializer>;
  /** Half-precision constants that were widened already. */
  readonly #widened = new Map<string, string>();
  readonly #nodes: Node[] = [];
  readonly #readings: Reading[] = [];
  readonly #magnitudes: Port[] = [];
  readonly #added: Initializer[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#constants = new Map(graph.initializers.filter(isHalf).map((each) => [each.name, each]));
  }

  add(node: Node): void {
    const unfused = node.outputs.every(isHalf) ? unfusedAttention(node) : undefined;
    if (unfused === undefined) {
      this.#addOne(node);
      return;
    }
    this.#added.push(...unfused.initializers);
    for (const step of unfused.nodes) this.#addOne(step);
  }

  #addOne(node: Node): void {
    const [output] = node.outputs;
    const halves = node.inputs.filter((name) => this.#constants.has(name));
    if (output === undefined || node.outputs.length !== 1 || !isHalf(output)) {
      this.#nodes.push({ ...node, inputs: this.#wide(node.inputs) });
      return;
    }
    if (halves.length > 0 && isPick(node)) {
      // A table is widened after a few of its rows were picked, not before.
      const picked: Value = { ...output, name: `${output.name}/half` };
      this.#nodes.push({ ...node, outputs: [picked] });
      this.#cast(picked.name, asFloat(output));
      return;
    }
    const cast = node.op === 'Cast' ? { attributes: { ...node.attributes, to: DATA_TYPES.float32 } } : {};
    const wide: Node = { ...node, ...cast, inputs: this.#wide(node.inputs) };
    if (MOVING.has(node.op)) this.#nodes.push({ ...wide, outputs: [asFloat(output)] });
    else this.#round(wide, output);
  }

  finish(): HalfSimulation {
    const widePort = (port: Port): Port => ({ ...port, value: asFloat(port.value) });
    const { name, inputs, outputs, initializers } = this.#graph;
    return {
      graph: {
        name,
        inputs: inputs.map(widePort),
        outputs: [...outputs.map(widePort), ...this.#magnitudes],
        nodes: this.#nodes,
        initializers: [...initializers, ...this.#added],
      },
      added: this.#added,
      readings: this.#readings,
    };
  }

  #round(node: Node, output: Value): void {
    const exact: Value = { ...output, name: `${output.name}/exact`, type: 'float32' };
    const half: Value = { ...output, name: `${output.name}/half` };
    this.#nodes.push({ ...node, outputs: [exact] });
    const largest = this.#magnitude(exact);
    this.#magnitudes.push({ value: largest, dims: [] });
    this.#readings.push({ node: node.name, output: largest.name });
    this.#cast(this.#after(largest, exact).name, half);
    this.#cast(half.name, asFloat(output));
  }

  /** The largest magnitude among the values of `x`, a scalar, without a second tensor as large as `x`. */
  #magnitude(x: Value): Value {
    const scalar: Value = { ...x, shape: [] };
    const high = this.#operation('ReduceMax', [x], scalar, { keepdims: 0 });
    const low = this.#operation('ReduceMin', [x], scalar, { keepdims: 0 });
    return this.#operation('Max', [high, this.#operation('Neg', [low], scalar)], scalar);
  }

  /**
   * `x` itself, for those who read it only after `scalar` is known. ONNX Runtime may put off whatever nothing waits
   * for, here a reading, and would keep every tensor that is still to be read. Reshape copies nothing.
   */
  #after(scalar: Value, x: Value): Value {
    const number: Value = { name: scalar.name, type: 'int64', shape: [] };
    const whole = this.#operation('Cast', [scalar], number, { to: DATA_TYPES.int64 });
    const zero = this.#operation('Sub', [whole, whole], number);
    const shape: Value = { name: x.name, type: 'int64', shape: [x.shape.length] };
    const same = this.#operation('Add', [this.#operation('Shape', [x], shape), zero], shape);
    return this.#operation('Reshape', [x, same], x);
  }

  #wide(names: readonly string[]): string[] {
    return names.map((name) => {
      const constant = this.#constants.get(name);
      if (constant === undefined) return name;
      const known = this.#widened.get(name);
      if (known !== undefined) return known;
      const wide = `${name}/wide`;
      this.#widened.set(name, wide);
      this.#cast(name, { name: wide, type: 'float32', shape: constant.shape });
      return wide;
    });
  }

  #cast(from: string, to: Value): void {
    this.#nodes.push(operation('Cast', [from], to, { to: DATA_TYPES[to.type] }));
  }

  /** Adds an operation whose output is like `like`, under a name of its own. */
  #operation(op: string, inputs: readonly Value[], like: Value, attributes: Node['attributes'] = {}): Value {
    const output: Value = { ...like, name: `${like.name}/${op}` };
    const names = inputs.map(({ name }) => name);
    this.#nodes.push(operation(op, names, output, attributes));
    return output;
  }
}

/** Whether a node picks rows of its first operand and takes no other floating-point one. */
const isPick = (node: Node): boolean => node.op === 'Gather' || node.op === 'Slice';

function operation(
  op: string,
  inputs: readonly string[],
  output: Value,
  attributes: Node['attributes'] = {},
): Node {
  return {
    name: `${output.name}/${op}`,
    op,
    domain: '',
    inputs,
    outputs: [output],
    attributes,
    multiplyAdds: 0,
    scratchBytes: 0,
  };
}
