import { type Graph, makeNode, type Node, type Port, type Value } from './graph.ts';
import { DATA_TYPES, type Initializer } from './tensor.ts';
import { unfusedAttention } from './unfused-attention.ts';

/** The largest magnitude of one tensor, measured during a run. */
export interface Reading {
  /** Name of the operation that produces the tensor. */
  readonly node: string;
  /** Name of the graph's output with the largest magnitude before rounding: a float32 scalar. */
  readonly output: string;
}

/** A graph that rounds to float16. */
export interface HalfSimulation {
  readonly graph: Graph;
  /** Constants that the original graph does not have. All are small. */
  readonly added: readonly Initializer[];
  /** In the order of the nodes. */
  readonly readings: readonly Reading[];
}

/** Operations that move values, select some or replace them by 0: their results need no rounding. */
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
 * Makes float16 arithmetic explicit, to see on a CPU what a GPU would compute: every operation with a float16 result
 * computes in float32 from operands that are rounded to float16, and its result is rounded. A CPU that runs the
 * float16 graph itself skips the rounding wherever it has no float16 kernel.
 *
 * ONNX Runtime's CUDA provider works like this: cuBLAS accumulates in float32 (HalfGemmOptions in
 * core/providers/cuda/cuda_common.h), so does cuDNN (nn/conv.cc), and the kernels for LayerNormalization, Gelu and
 * fused attention keep intermediate values in float32. Attention that no fused kernel supports is simulated step by
 * step, see {@link unfusedAttention}. Where the provider fuses nodes it rounds less often. Not simulated: cuBLAS adds
 * the partial sums of a product that it splits in float16, and a convolution's bias is added to a rounded product.
 *
 * The result must run without graph optimisation, which would remove the casts.
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
  /** The float32 copies of half-precision constants, by name. */
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
      // A large table is not widened as a whole: only the rows that are picked.
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

  /** The largest magnitude in `x` as a scalar, computed without another tensor of the size of `x`. */
  #magnitude(x: Value): Value {
    const scalar: Value = { ...x, shape: [] };
    const high = this.#operation('ReduceMax', [x], scalar, { keepdims: 0 });
    const low = this.#operation('ReduceMin', [x], scalar, { keepdims: 0 });
    return this.#operation('Max', [high, this.#operation('Neg', [low], scalar)], scalar);
  }

  /**
   * `x`, made dependent on `scalar`. ONNX Runtime could otherwise postpone the computation of `scalar`, which nothing
   * waits for, and keep `x` in memory until then. Reshape copies nothing.
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
    const attributes = { to: DATA_TYPES[to.type] };
    this.#nodes.push(makeNode(`${to.name}/Cast`, 'Cast', [from], to, { attributes }));
  }

  /** Adds an operation whose output has the type and shape of `like`. */
  #operation(op: string, inputs: readonly Value[], like: Value, attributes: Node['attributes'] = {}): Value {
    const output: Value = { ...like, name: `${like.name}/${op}` };
    const names = inputs.map(({ name }) => name);
    this.#nodes.push(makeNode(`${output.name}/${op}`, op, names, output, { attributes }));
    return output;
  }
}

/** Whether a node picks rows of its first operand and has no other floating-point operand. */
const isPick = (node: Node): boolean => node.op === 'Gather' || node.op === 'Slice';
