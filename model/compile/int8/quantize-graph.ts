import { floatInitializer, type Initializer, intInitializer, readFloats } from '../onnx/tensor.ts';
import { type Graph, makeNode, MICROSOFT, type Node, type NodeOptions, type Value } from '../onnx/graph.ts';
import type { ChannelRanges } from './calibrate.ts';
import type { Plan, Step } from './plan.ts';
import { type Scale, scaleOf } from './scale.ts';
import { smoothingFactors } from './smoothing.ts';
import { quantizedKernels, quantizedMatrix } from './weights.ts';

/** Factor of the measured ranges of tokens, since other questions reach further. Values beyond them are clipped. */
const ROOM = 1.2;

/** A tensor in bytes. */
interface Quantized extends Scale {
  readonly name: string;
}

/**
 * Computes the planned nodes of a graph in integers. Activations are bytes whose scales are constants, so that an item's
 * answer does not depend on the others in its batch; weights are int8 with a scale for each output. Integers are summed
 * exactly, whatever the processor.
 *
 * @param ranges of the tensors that the plan measures, channel by channel
 */
export async function quantizeGraph(
  graph: Graph,
  plan: Plan,
  ranges: ReadonlyMap<string, ChannelRanges>,
): Promise<Graph> {
  const rewriter = new Rewriter(graph, plan, ranges, await smoothingFactors(graph, plan, ranges));
  for (const node of graph.nodes) rewriter.add(node);
  return rewriter.finish();
}

class Rewriter {
  readonly #graph: Graph;
  readonly #plan: Plan;
  readonly #ranges: ReadonlyMap<string, ChannelRanges>;
  readonly #constants: Map<string, Initializer>;
  readonly #values: ReadonlyMap<string, Value>;
  readonly #nodes: Node[] = [];
  /** Tensors that exist in bytes, by the name that they have in float32. */
  readonly #bytes = new Map<string, Quantized>();
  /** Tensors that exist in bytes alone. */
  readonly #onlyBytes = new Set<string>();
  /** Factors by which the channels of a tensor are divided before they are quantized. */
  readonly #smoothed: ReadonlyMap<string, Float32Array>;

  constructor(
    graph: Graph,
    plan: Plan,
    ranges: ReadonlyMap<string, ChannelRanges>,
    smoothed: ReadonlyMap<string, Float32Array>,
  ) {
    this.#graph = graph;
    this.#plan = plan;
    this.#ranges = ranges;
    this.#constants = new Map(graph.initializers.map((each) => [each.name, each]));
    const ports = graph.inputs.map(({ value }) => value);
    this.#values = new Map(
      [...ports, ...graph.nodes.flatMap(({ outputs }) => outputs)].map((value) => [value.name, value]),
    );
    this.#smoothed = smoothed;
  }

  add(node: Node): void {
    const step = this.#plan.steps.get(node.name);
    if (this.#plan.absorbed.has(node)) return;
    if (step === undefined) {
      this.#keep(node);
    } else if (node.op === 'MatMul') {
      this.#product(step);
    } else if (node.op === 'Conv') {
      this.#convolution(step);
    } else if (node.op === 'Add') {
      this.#sum(step);
    } else {
      this.#pool(step);
    }
  }

  finish(): Graph {
    const used = new Set(this.#nodes.flatMap((node) => node.inputs));
    const initializers = new Map<string, Initializer>();
    for (const name of used) {
      const constant = this.#constants.get(name);
      if (constant) initializers.set(name, constant);
    }
    return { ...this.#graph, nodes: this.#nodes, initializers: [...initializers.values()] };
  }

  #keep(node: Node): void {
    for (const input of node.inputs) this.#needFloat(input);
    const factors = this.#smoothed.get(node.outputs[0]?.name ?? '');
    this.#nodes.push(factors ? this.#divided(node, factors) : node);
  }

  /** A LayerNormalization whose channels are divided by factors: those of its weight and bias are. */
  #divided(node: Node, factors: Float32Array): Node {
    const [x = '', ...affine] = node.inputs;
    const inputs = affine.map((name) => {
      const constant = this.#constants.get(name);
      if (!constant) throw new Error(`${node.name} has no constant ${name}.`);
      return this.#constant(
        floatInitializer(`${name}/smoothed`, 'float32', constant.shape, async () =>
          (await readFloats(constant)).map((value, at) => value / (factors[at] ?? 1)),
        ),
      );
    });
    return { ...node, inputs: [x, ...inputs] };
  }

  /** A product with a constant matrix, in float32 again. */
  #product({ node, bias, result }: Step): void {
    const [from = '', weight = ''] = node.inputs;
    const x = this.#toBytes(from);
    const matrix = this.#constants.get(weight);
    if (!matrix) throw new Error(`${node.name} has no constant ${weight}.`);
    const { values, scales } = quantizedMatrix(matrix, this.#smoothed.get(from));
    const inputs = [
      x.name,
      this.#constant(values),
      this.#scale(x.scale),
      this.#constant(scales),
      this.#zeroPoint(x.zeroPoint),
      '',
      ...(bias === undefined ? [] : [bias]),
    ];
    this.#emit(node, 'MatMulIntegerToFloat', bias === undefined ? inputs.slice(0, -1) : inputs, this.#value(result), {
      domain: MICROSOFT,
    });
  }

  #convolution({ node, result }: Step): void {
    const [from = '', weight = '', shift = ''] = node.inputs;
    const x = this.#toBytes(from);
    const [kernels, bias] = [this.#constants.get(weight), this.#constants.get(shift)];
    if (!kernels || !bias) throw new Error(`${node.name} has no constant weights.`);
    const quantized = quantizedKernels(kernels, bias, x.scale);
    const [outputs = 1] = kernels.shape;
    const y = this.#onlyInBytes(result);
    const inputs = [
      ...this.#operand(x),
      this.#constant(quantized.values),
      this.#constant(quantized.scales),
      // Not shared: where ONNX Runtime turns int8 into uint8, it does so by name for each convolution.
      this.#constant(intInitializer(`${weight}/zero`, 'int8', [outputs], new Array<number>(outputs).fill(0))),
      this.#scale(y.scale),
      this.#zeroPoint(y.zeroPoint),
      this.#constant(quantized.bias),
    ];
    this.#emit(node, 'QLinearConv', inputs, this.#byteValue(result, y.name), { attributes: node.attributes });
  }

  #sum({ node, result }: Step): void {
    const operands = node.inputs.flatMap((input) => this.#operand(this.#toBytes(input)));
    const y = this.#onlyInBytes(result);
    const inputs = [...operands, this.#scale(y.scale), this.#zeroPoint(y.zeroPoint)];
    this.#emit(node, 'QLinearAdd', inputs, this.#byteValue(result, y.name), { domain: MICROSOFT });
  }

  /** The largest byte stands for the largest number. */
  #pool({ node, result }: Step): void {
    const x = this.#toBytes(node.inputs[0] ?? '');
    const y: Quantized = { ...x, name: `${result}/bytes` };
    this.#bytes.set(result, y);
    this.#onlyBytes.add(result);
    this.#emit(node, 'MaxPool', [x.name], this.#byteValue(result, y.name), { attributes: node.attributes });
  }

  #emit(node: Node, op: string, inputs: readonly string[], output: Value, options: NodeOptions): void {
    this.#nodes.push(
      makeNode(`${node.name}/${op}`, op, inputs, output, { multiplyAdds: node.multiplyAdds, ...options }),
    );
  }

  /** The bytes of a tensor, quantized where it is first needed. */
  #toBytes(name: string): Quantized {
    const known = this.#bytes.get(name);
    if (known) return known;
    const quantized: Quantized = { name: `${name}/bytes`, ...this.#scaleOf(name) };
    const inputs = [name, this.#scale(quantized.scale), this.#zeroPoint(quantized.zeroPoint)];
    const output = this.#byteValue(name, quantized.name);
    this.#nodes.push(makeNode(`${name}/QuantizeLinear`, 'QuantizeLinear', inputs, output));
    this.#bytes.set(name, quantized);
    return quantized;
  }

  #onlyInBytes(name: string): Quantized {
    const quantized: Quantized = { name: `${name}/bytes`, ...this.#scaleOf(name) };
    this.#bytes.set(name, quantized);
    this.#onlyBytes.add(name);
    return quantized;
  }

  #needFloat(name: string): void {
    if (!this.#onlyBytes.delete(name)) return;
    const x = this.#bytes.get(name);
    if (!x) throw new Error(`${name} was not quantized.`);
    this.#nodes.push(makeNode(`${name}/DequantizeLinear`, 'DequantizeLinear', this.#operand(x), this.#value(name)));
  }

  #scaleOf(name: string): Scale {
    const ranges = this.#ranges.get(name);
    if (!ranges) throw new Error(`The range of ${name} was not measured.`);
    const factors = this.#smoothed.get(name);
    let [min, max] = [0, 0];
    ranges.min.forEach((value, channel) => {
      const factor = factors?.[channel] ?? 1;
      min = Math.min(min, value / factor);
      max = Math.max(max, (ranges.max[channel] ?? 0) / factor);
    });
    // A feature map has thousands of positions in every picture, so that its range is known well.
    const room = ranges.min.length === 1 ? 1 : ROOM;
    return scaleOf({ min: min * room, max: max * room });
  }

  #operand({ name, scale, zeroPoint }: Quantized): string[] {
    return [name, this.#scale(scale), this.#zeroPoint(zeroPoint)];
  }

  #scale(value: number): string {
    return this.#constant(
      floatInitializer(`float32/${value}`, 'float32', [], () => Promise.resolve(Float32Array.of(value))),
    );
  }

  #zeroPoint(value: number): string {
    return this.#constant(intInitializer(`uint8/${value}`, 'uint8', [], [value]));
  }

  #constant(initializer: Initializer): string {
    this.#constants.set(initializer.name, initializer);
    return initializer.name;
  }

  #value(name: string): Value {
    const value = this.#values.get(name);
    if (!value) throw new Error(`The graph has no tensor ${name}.`);
    return value;
  }

  #byteValue(like: string, name: string): Value {
    return { name, type: 'uint8', shape: this.#value(like).shape };
  }
}
