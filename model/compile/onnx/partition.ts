import type { Graph, Node, Port, Value } from './graph.ts';
import { type Initializer, byteLength } from './tensor.ts';

/**
 * Splits a graph into parts that run one after another, so that a large model can run where its weights do not fit into
 * memory. What a part needs from earlier parts is its input.
 *
 * @param maxBytes most bytes of constants in a part; a single node with more gets a part of its own
 */
export function partition(graph: Graph, maxBytes: number): Graph[] {
  const initializers = new Map(graph.initializers.map((initializer) => [initializer.name, initializer]));
  const groups = groupNodes(graph, initializers, maxBytes);
  const needed = new Set(graph.outputs.map((port) => port.value.name));
  const known = new Map<string, Value>(graph.inputs.map((port) => [port.value.name, port.value]));
  for (const node of graph.nodes) for (const value of node.outputs) known.set(value.name, value);
  // From the last part to the first: every input of a part must be an output of an earlier one.
  const parts = groups.toReversed().map((nodes, at) => {
    const produced = new Set(nodes.flatMap((node) => node.outputs.map((value) => value.name)));
    const outputs = [...needed].filter((name) => produced.has(name));
    for (const name of outputs) needed.delete(name);
    const used = new Set(nodes.flatMap((node) => node.inputs));
    const inputs = [...used].filter((name) => known.has(name) && !produced.has(name));
    for (const name of inputs) needed.add(name);
    return {
      name: `${graph.name}.${groups.length - at}`,
      inputs: inputs.map((name) => freePort(known.get(name))),
      outputs: outputs.map((name) => freePort(known.get(name))),
      nodes,
      initializers: [...used].flatMap((name) => initializers.get(name) ?? []),
    };
  });
  return parts.toReversed();
}

function groupNodes(graph: Graph, initializers: ReadonlyMap<string, Initializer>, maxBytes: number): Node[][] {
  const groups: Node[][] = [];
  let group: Node[] = [];
  let held = new Set<Initializer>();
  let bytes = 0;
  for (const node of graph.nodes) {
    const fresh = node.inputs
      .flatMap((name) => initializers.get(name) ?? [])
      .filter((initializer) => !held.has(initializer));
    const added = fresh.reduce((sum, { type, shape }) => sum + byteLength(type, shape), 0);
    if (bytes + added > maxBytes && group.length > 0) {
      groups.push(group);
      group = [];
      held = new Set();
      bytes = 0;
    }
    group.push(node);
    for (const initializer of fresh) held.add(initializer);
    bytes += added;
  }
  return [...groups, group];
}

/** A port whose dimensions are all free, because any of them may depend on batch and text length. */
function freePort(value: Value | undefined): Port {
  if (!value) throw new Error('A part of the graph needs a tensor that no node produces.');
  return { value, dims: value.shape.map((_, at) => `${value.name}.${at}`) };
}
