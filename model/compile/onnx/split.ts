import type { Graph, Node, Port, Value } from './graph.ts';

/**
 * Splits a graph in two at a tensor.
 *
 * @param name the tensor; the rest of the graph must depend on nothing else that leads to it
 * @param dims its dimensions, as for an input or output of a graph
 * @returns the nodes that lead to the tensor, of which it is the output, and the others, of which it is an input
 * @throws Error if there is no such tensor, or the rest needs another one before it
 */
export function splitAt(
  graph: Graph,
  name: string,
  dims: readonly (number | string)[],
): { readonly before: Graph; readonly after: Graph } {
  const leading = nodesBefore(graph, name);
  const value = outputsOf(leading).find((each) => each.name === name);
  if (!value) throw new Error(`the graph computes no ${name}`);
  const port: Port = { value, dims };
  const rest = graph.nodes.filter((node) => !leading.has(node));
  const after = { ...part(graph, rest, [port]), outputs: graph.outputs };
  const before = { ...part(graph, leading, []), name: `${graph.name}.${name}`, outputs: [port] };
  const hidden = new Set(outputsOf(leading).map((each) => each.name));
  hidden.delete(name);
  const missing = rest.flatMap((node) => node.inputs).find((input) => hidden.has(input));
  if (missing !== undefined) throw new Error(`the graph cannot be split at ${name}: the rest needs ${missing}`);
  return { before, after };
}

function outputsOf(nodes: Iterable<Node>): Value[] {
  return [...nodes].flatMap((node) => node.outputs);
}

/** The nodes that a tensor depends on, in their order. */
function nodesBefore(graph: Graph, name: string): Set<Node> {
  const needed = new Set([name]);
  const found = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((output) => needed.has(output.name))) return false;
    for (const input of node.inputs) needed.add(input);
    return true;
  });
  return new Set(found.reverse());
}

function part(graph: Graph, nodes: Iterable<Node>, added: readonly Port[]): Graph {
  const own = [...nodes];
  const used = new Set(own.flatMap((node) => node.inputs));
  return {
    ...graph,
    nodes: own,
    inputs: [...graph.inputs, ...added].filter((port) => used.has(port.value.name)),
    initializers: graph.initializers.filter((initializer) => used.has(initializer.name)),
  };
}
