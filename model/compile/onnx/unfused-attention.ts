import { makeNode, type Node, type Value } from './graph.ts';
import { type Initializer, intInitializer } from './tensor.ts';

/** Fused attention supports a bias only if the number of positions is a multiple of this. */
const MULTIPLE = 8;

/** Indices of MultiHeadAttention's inputs. */
const KEY_MASK = 4;
const BIAS = 5;

/** The nodes that replace an attention. */
export interface Unfused {
  readonly nodes: readonly Node[];
  /** Shapes for Reshape. */
  readonly initializers: readonly Initializer[];
}

/**
 * The steps of the kernel that ONNX Runtime uses on CUDA if no fused one fits (UnfusedAttention in
 * contrib_ops/cuda/bert/attention_impl.cu): scores and weights are tensors in the type of its operands, so float16
 * rounds them; bias and softmax between them are float32.
 *
 * @returns undefined if the node is not a MultiHeadAttention without a key mask, or if it is over a multiple of 8
 *   positions, where a fused kernel computes it without such tensors
 */
export function unfusedAttention(node: Node): Unfused | undefined {
  const [output] = node.outputs;
  const [, length = 0, width = 0] = output?.shape ?? [];
  const heads = node.attributes['num_heads'];
  if (node.op !== 'MultiHeadAttention' || output === undefined || typeof heads !== 'number') return undefined;
  if (length % MULTIPLE === 0 || (node.inputs[KEY_MASK] ?? '') !== '') return undefined;
  const steps = new Steps(node.name, output);
  const [q = '', k = '', v = ''] = node.inputs;
  const headWidth = width / heads;
  const split = [0, 0, heads, headWidth];
  const square = [1, heads, length, length];
  const byHead = (name: string, from: string, perm: readonly number[], shape: readonly number[]): string =>
    steps.add(`${name}/Transpose`, 'Transpose', [steps.reshape(name, from, split)], shape, { perm });
  const queries = byHead('q', q, [0, 2, 1, 3], [1, heads, length, headWidth]);
  const keys = byHead('k', k, [0, 2, 3, 1], [1, heads, headWidth, length]);
  const values = byHead('v', v, [0, 2, 1, 3], [1, heads, length, headWidth]);
  const scores = steps.add('scores', 'MatMul', [queries, keys], square);
  const bias = node.inputs[BIAS] ?? '';
  const biased = bias === '' ? scores : steps.add('biased', 'Add', [scores, bias], square, {}, 'float32');
  const weights = steps.add('weights', 'Softmax', [biased], square, { axis: -1 });
  const mixed = steps.add('mixed', 'MatMul', [weights, values], [1, heads, length, headWidth]);
  const joined = steps.add('joined', 'Transpose', [mixed], [1, length, heads, headWidth], {
    perm: [0, 2, 1, 3],
  });
  steps.finish(joined);
  return steps;
}

class Steps implements Unfused {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  readonly #name: string;
  readonly #output: Value;

  constructor(name: string, output: Value) {
    this.#name = name;
    this.#output = output;
  }

  add(
    step: string,
    op: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Node['attributes'] = {},
    type = this.#output.type,
  ): string {
    const name = `${this.#name}/${step}`;
    this.nodes.push(makeNode(name, op, inputs, { name, type, shape }, { attributes }));
    return name;
  }

  /** Adds a Reshape to `dims`. */
  reshape(step: string, from: string, dims: readonly number[]): string {
    return this.add(step, 'Reshape', [from, this.#dims(dims)], dims);
  }

  /** Joins the heads to the output of the attention. */
  finish(from: string): void {
    const inputs = [from, this.#dims([0, 0, -1])];
    this.nodes.push(makeNode(`${this.#name}/Reshape`, 'Reshape', inputs, this.#output));
  }

  #dims(dims: readonly number[]): string {
    const name = `${this.#name}/${dims.join(',')}`;
    if (!this.initializers.some((each) => each.name === name)) {
      this.initializers.push(intInitializer(name, 'int64', [dims.length], dims));
    }
    return name;
  }
}
