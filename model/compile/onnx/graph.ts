import { type DataType, type Initializer, byteLength } from './tensor.ts';

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/**
 * A tensor of the graph. Its shape is nominal: that of a batch of one with the longest text, which determines the
 * estimated costs. At run time batch and text length are free.
 */
export interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** An attribute of a node. A number is an ONNX int unless it is wrapped as `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An operation of the graph. */
export interface Node {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Multiply-adds at the nominal shapes, counted for matrix products only. */
  readonly multiplyAdds: number;
  /** Bytes needed besides inputs and outputs, at the nominal shapes. */
  readonly scratchBytes: number;
}

/** An input or output of the graph. A named dimension is free at run time. */
export interface Port {
  readonly value: Value;
  readonly dims: readonly (number | string)[];
}

/** A finished graph. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
}

/** Optional parts of a node. Default: none. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly multiplyAdds?: number;
  readonly scratchBytes?: number;
}

/** A node with one output. */
export function makeNode(
  name: string,
  op: string,
  inputs: readonly string[],
  output: Value,
  options: NodeOptions = {},
): Node {
  const defaults = { attributes: {}, domain: '', multiplyAdds: 0, scratchBytes: 0 };
  return { ...defaults, ...options, name, op, inputs, outputs: [output] };
}

/**
 * Builds a graph node by node, in an order in which they can run. Names are paths, so that profiles and errors are
 * readable: nodes in the scope `layers.0` in the scope `encoder` are named `encoder/layers.0/...`.
 */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: Port[] = [];
  readonly #used = new Set<string>();
  #path: readonly string[] = [];

  /** Declares an input of the graph. */
  input(value: Value, dims: readonly (number | string)[]): Value {
    this.#inputs.push({ value, dims });
    return value;
  }

  /** Runs `build` with `part` appended to the path. */
  scope<T>(part: string, build: () => T): T {
    const outer = this.#path;
    this.#path = [...outer, part];
    try {
      return build();
    } finally {
      this.#path = outer;
    }
  }

  /** Adds a constant, unless there is one of that name already. */
  constant(initializer: Initializer): Value {
    if (!this.#initializers.has(initializer.name)) this.#initializers.set(initializer.name, initializer);
    return { name: initializer.name, type: initializer.type, shape: initializer.shape };
  }

  /** Adds an operation with one output. `undefined` stands for an optional input that is omitted. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    type: DataType,
    shape: readonly number[],
    options: NodeOptions = {},
  ): Value {
    const name = this.#uniqueName(op);
    const output: Value = { name, type, shape };
    this.#nodes.push(makeNode(name, op, trimmed(inputs.map((input) => input?.name ?? '')), output, options));
    return output;
  }

  /** Declares a tensor as an output of the graph, under this name. */
  output(name: string, value: Value, dims: readonly (number | string)[]): Port {
    return { value: this.named(name, value), dims };
  }

  /** Gives a tensor a name that does not depend on the scope. */
  named(name: string, value: Value): Value {
    const renamed: Value = { ...value, name };
    this.#used.add(name);
    this.#nodes.push(makeNode(`${name}/Identity`, 'Identity', [value.name], renamed));
    return renamed;
  }

  /** An unused name in the current scope. */
  #uniqueName(last: string): string {
    const base = [...this.#path, last].join('/');
    let name = base;
    for (let n = 1; this.#used.has(name); n++) name = `${base}.${n}`;
    this.#used.add(name);
    return name;
  }

  /** Returns the graph, with its constants in the order of their first use. */
  finish(name: string, outputs: readonly Port[]): Graph {
    const ordered = new Map<string, Initializer>();
    for (const input of this.#nodes.flatMap((node) => node.inputs)) {
      const initializer = this.#initializers.get(input);
      if (initializer) ordered.set(input, initializer);
    }
    return { name, inputs: this.#inputs, outputs, nodes: this.#nodes, initializers: [...ordered.values()] };
  }
}

/** How often an operator occurs, and its cost at the nominal shapes. */
export interface OperatorCount {
  readonly operator: string;
  readonly count: number;
  readonly multiplyAdds: number;
}

/** Counts the operators of a graph, sorted by multiply-adds in descending order. */
export function countOperators(graph: Graph): OperatorCount[] {
  const counts = new Map<string, { count: number; multiplyAdds: number }>();
  for (const node of graph.nodes) {
    const operator = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    const sum = counts.get(operator) ?? { count: 0, multiplyAdds: 0 };
    sum.count += 1;
    sum.multiplyAdds += node.multiplyAdds;
    counts.set(operator, sum);
  }
  return [...counts]
    .map(([operator, sum]) => ({ operator, ...sum }))
    .sort((a, b) => b.multiplyAdds - a.multiplyAdds || b.count - a.count || (a.operator < b.operator ? -1 : 1));
}

/**
 * Peak bytes of activations during a run at the nominal shapes, if the nodes run in their order and every tensor is
 * freed after its last use.
 */
export function peakActivationBytes(graph: Graph): number {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, at) => {
    for (const input of node.inputs) lastUse.set(input, at);
  });
  const sizes = new Map(graph.inputs.map(({ value }) => [value.name, byteLength(value.type, value.shape)]));
  let alive = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  let peak = alive;
  graph.nodes.forEach((node, at) => {
    for (const value of node.outputs) {
      const bytes = byteLength(value.type, value.shape);
      sizes.set(value.name, bytes);
      alive += bytes;
    }
    peak = Math.max(peak, alive + node.scratchBytes);
    for (const input of new Set(node.inputs)) {
      if (lastUse.get(input) === at) alive -= sizes.get(input) ?? 0;
    }
  });
  return peak;
}

/** Without the omitted inputs at the end. */
function trimmed(names: readonly string[]): readonly string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}
