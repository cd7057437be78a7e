import { type DataType, type Initializer, byteLength } from './tensor.ts';

/**
 * A tensor of the graph. `shape` is the nominal one: that of a batch of one at the longest text, by which cost
 * is counted; at run time the batch and the text length are free.
 */
export interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
}

/** An attribute of a node: a number is an ONNX int unless wrapped as `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One operation of the graph. */
export interface Node {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Multiply-adds at the nominal shapes; only operations that multiply matrices count. */
  readonly multiplyAdds: number;
  /** Bytes that the operation needs besides its inputs and outputs, at the nominal shapes. */
  readonly scratchBytes: number;
}

/** An input or output of the graph; a text dimension is free at run time. */
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

/** What a node is made of, besides its operator and inputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly domain?: string;
  readonly multiplyAdds?: number;
  readonly scratchBytes?: number;
}

/**
 * Collects the nodes and constants of a graph in the order in which they are needed. Names are paths: a scope
 * of `encoder` / `layer.0` names its nodes `encoder/layer.0/...`, so that a profile or an error can be read.
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

  /** Runs `build` with names below `part`. */
  scope<T>(part: string, build: () => T): T {
    const outer = this.#path;
    this.#path = [...outer, part];
    try {
      return build();
    } finally {
      this.#path = outer;
    }
  }

  /** Adds a constant. A constant of the same name is shared. */
  constant(initializer: Initializer): Value {
    if (!this.#initializers.has(initializer.name)) this.#initializers.set(initializer.name, initializer);
    return { name: initializer.name, type: initializer.type, shape: initializer.shape };
  }

  /** Adds an operation with one output. An empty input stands for one that is left out. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    type: DataType,
    shape: readonly number[],
    options: NodeOptions = {},
  ): Value {
    const name = this.uniqueName(op);
    const output: Value = { name, type, shape };
    this.#nodes.push({
      name,
      op,
      domain: options.domain ?? '',
      inputs: trimmed(inputs.map((input) => input?.name ?? '')),
      outputs: [output],
      attributes: options.attributes ?? {},
      multiplyAdds: options.multiplyAdds ?? 0,
      scratchBytes: options.scratchBytes ?? 0,
    });
    return output;
  }

  /** Gives a tensor the name under which it leaves the graph. */
  output(name: string, value: Value, dims: readonly (number | string)[]): Port {
    const renamed: Value = { ...value, name };
    this.#used.add(name);
    this.#nodes.push({
      name: `${name}/Identity`,
      op: 'Identity',
      domain: '',
      inputs: [value.name],
      outputs: [renamed],
      attributes: {},
      multiplyAdds: 0,
      scratchBytes: 0,
    });
    return { value: renamed, dims };
  }

  /** A name below the present scope that nothing else has. */
  uniqueName(last: string): string {
    const base = [...this.#path, last].join('/');
    let name = base;
    for (let n = 1; this.#used.has(name); n++) name = `${base}.${n}`;
    this.#used.add(name);
    return name;
  }

  /** The graph, with the constants in the order of their first use. */
  finish(name: string, outputs: readonly Port[]): Graph {
    const ordered = new Map<string, Initializer>();
    for (const input of this.#nodes.flatMap((node) => node.inputs)) {
      const initializer = this.#initializers.get(input);
      if (initializer) ordered.set(input, initializer);
    }
    return { name, inputs: this.#inputs, outputs, nodes: this.#nodes, initializers: [...ordered.values()] };
  }
}

/** How often an operator occurs and what it costs at the nominal shapes. */
export interface OperatorCount {
  readonly operator: string;
  readonly count: number;
  readonly multiplyAdds: number;
}

/** Counts the operators of a graph, most multiply-adds first. */
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
    .sort(
      (a, b) => b.multiplyAdds - a.multiplyAdds || b.count - a.count || (a.operator < b.operator ? -1 : 1),
    );
}

/**
 * Bytes of activations alive at the worst moment of a run at the nominal shapes, with the nodes in their
 * order and every tensor freed after its last use.
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

function trimmed(names: readonly string[]): readonly string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}
