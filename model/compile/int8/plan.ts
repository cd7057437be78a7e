import type { Graph, Node } from '../onnx/graph.ts';
import type { Initializer } from '../onnx/tensor.ts';

/** A node that is computed in integers, with those that are computed with it. */
export interface Step {
  readonly node: Node;
  /** The tensor that it computes in the end. */
  readonly result: string;
  /** What is added to a product: the name of a constant vector. */
  readonly bias?: string;
}

/** Which nodes of a graph are computed in integers. */
export interface Plan {
  /** By the name of the node. */
  readonly steps: ReadonlyMap<string, Step>;
  /** Nodes that are part of another one's step. */
  readonly absorbed: ReadonlySet<Node>;
  /** The tensors whose range must be known. */
  readonly measured: ReadonlySet<string>;
}

/** The nodes that read each tensor. */
export function consumersOf(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const all = consumers.get(input);
      if (all) all.push(node);
      else consumers.set(input, [node]);
    }
  }
  return consumers;
}

/**
 * Plans what is computed in integers: products with a constant matrix, except the answer head's, and convolutions with
 * all that is between them. Normalisation, attention and softmax stay in float32.
 *
 * @param keep prefix of the names of nodes that stay in float32
 */
export function planIntegers(graph: Graph, keep: string): Plan {
  const constants = new Map(graph.initializers.map((each) => [each.name, each]));
  const consumers = consumersOf(graph);
  const steps = new Map<string, Step>();
  const absorbed = new Set<Node>();
  const measured = new Set<string>();
  const maps = new Set<string>();
  for (const node of graph.nodes) {
    if (absorbed.has(node) || node.name.startsWith(keep)) continue;
    const [first = '', second = ''] = node.inputs;
    const output = node.outputs[0]?.name ?? '';
    const [next, ...others] = consumers.get(output) ?? [];
    const following = others.length === 0 ? next : undefined;
    if (node.op === 'MatMul' && isMatrix(constants.get(second))) {
      const bias = following?.op === 'Add' ? following.inputs[1] : undefined;
      const isBias = bias !== undefined && following?.inputs[0] === output && constants.get(bias)?.shape.length === 1;
      measured.add(first);
      if (isBias) absorbed.add(following);
      steps.set(node.name, { node, ...(isBias ? { bias, result: nameOf(following) } : { result: output }) });
    } else if (node.op === 'Conv' || isBetweenConvolutions(node, maps)) {
      const isClipped = following?.op === 'Relu';
      const result = isClipped ? nameOf(following) : output;
      if (isClipped) absorbed.add(following);
      if (node.op === 'Conv') measured.add(first);
      measured.add(result);
      maps.add(result);
      steps.set(node.name, { node, result });
    }
  }
  return { steps, absorbed, measured };
}

/** Whether a node adds or pools the results of convolutions. */
function isBetweenConvolutions(node: Node, maps: ReadonlySet<string>): boolean {
  return (node.op === 'Add' || node.op === 'MaxPool') && node.inputs.every((input) => maps.has(input));
}

function isMatrix(constant: Initializer | undefined): boolean {
  return constant?.type === 'float32' && constant.shape.length === 2;
}

function nameOf(node: Node): string {
  return node.outputs[0]?.name ?? '';
}
