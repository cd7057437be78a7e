import { elementCount } from '../shape.ts';
import { GraphBuilder, MICROSOFT, type Value } from './graph.ts';
import { DATA_TYPES, type DataType, intInitializer } from './tensor.ts';

/**
 * A graph builder with one method per operator that the architecture uses, each of which infers the nominal shape of
 * its result. Semantics are those of the ONNX operator of the same name unless documented otherwise.
 */
export class Ops extends GraphBuilder {
  /** A small int64 constant, a vector unless `scalar`. Equal constants are shared. */
  ints(values: readonly number[], scalar = false): Value {
    const shape = scalar ? [] : [values.length];
    const name = `int64${scalar ? '' : '[]'}/${values.join(',')}`;
    return this.constant(intInitializer(name, 'int64', shape, values));
  }

  add(a: Value, b: Value): Value {
    return this.node('Add', [a, b], a.type, broadcast(a.shape, b.shape));
  }

  sub(a: Value, b: Value): Value {
    return this.node('Sub', [a, b], a.type, broadcast(a.shape, b.shape));
  }

  mul(a: Value, b: Value): Value {
    return this.node('Mul', [a, b], a.type, broadcast(a.shape, b.shape));
  }

  relu(x: Value): Value {
    return this.node('Relu', [x], x.type, x.shape);
  }

  /** x * Phi(x) with the exact error function. */
  gelu(x: Value): Value {
    return this.node('Gelu', [x], x.type, x.shape);
  }

  softmax(x: Value): Value {
    return this.node('Softmax', [x], x.type, x.shape, { attributes: { axis: -1 } });
  }

  logSoftmax(x: Value): Value {
    return this.node('LogSoftmax', [x], x.type, x.shape, { attributes: { axis: -1 } });
  }

  not(x: Value): Value {
    return this.node('Not', [x], 'bool', x.shape);
  }

  /** a != b for finite numbers. Avoids Equal: ONNX Runtime 1.26 has no CUDA kernel for its opset 19 version. */
  differ(a: Value, b: Value): Value {
    return this.cast(this.sub(a, b), 'bool');
  }

  /** a == b for finite numbers, see {@link differ}. */
  equal(a: Value, b: Value): Value {
    return this.not(this.differ(a, b));
  }

  /** `x` with another element type; `x` itself where it has that type already. */
  cast(x: Value, to: DataType): Value {
    return x.type === to ? x : this.node('Cast', [x], to, x.shape, { attributes: { to: DATA_TYPES[to] } });
  }

  /** Normalises the last axis. Mean and variance are computed in float32 whatever the type of `x`. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
    return this.node('LayerNormalization', [x, weight, bias], x.type, x.shape, {
      attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    });
  }

  matMul(a: Value, b: Value): Value {
    const inner = a.shape.at(-1) ?? 1;
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const shape = [...batch, a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1];
    return this.node('MatMul', [a, b], a.type, shape, { multiplyAdds: elementCount(shape) * inner });
  }

  /** 2-D convolution of [B, C, H, W] with [M, C, k, k] and bias [M]. */
  conv(x: Value, weight: Value, bias: Value, stride: number, padding: number): Value {
    const [batch = 1, , height = 1, width = 1] = x.shape;
    const [outputs = 1, inputs = 1, kernel = 1] = weight.shape;
    const { side, attributes } = slidingWindow(kernel, stride, padding);
    const shape = [batch, outputs, side(height), side(width)];
    const multiplyAdds = elementCount(shape) * inputs * kernel * kernel;
    return this.node('Conv', [x, weight, bias], x.type, shape, { attributes, multiplyAdds });
  }

  maxPool(x: Value, kernel: number, stride: number, padding: number): Value {
    const [batch = 1, channels = 1, height = 1, width = 1] = x.shape;
    const { side, attributes } = slidingWindow(kernel, stride, padding);
    return this.node('MaxPool', [x], x.type, [batch, channels, side(height), side(width)], { attributes });
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => x.shape[axis] ?? 1);
    return this.node('Transpose', [x], x.type, shape, { attributes: { perm: permutation } });
  }

  /** `dims` as in ONNX: 0 keeps the dimension at that index, one -1 is inferred. */
  reshape(x: Value, dims: readonly number[]): Value {
    const kept = dims.map((dim, at) => (dim === 0 ? (x.shape[at] ?? 1) : dim));
    const known = kept.filter((dim) => dim !== -1).reduce((product, dim) => product * dim, 1);
    const shape = kept.map((dim) => (dim === -1 ? elementCount(x.shape) / known : dim));
    return this.node('Reshape', [x, this.ints(dims)], x.type, shape);
  }

  unsqueeze(x: Value, axis: number): Value {
    const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
    return this.node('Unsqueeze', [x, this.ints([axis])], x.type, shape);
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values;
    if (!first) throw new Error('concat needs at least one tensor.');
    const shape = [...first.shape];
    shape[axis] = values.reduce((sum, value) => sum + (value.shape[axis] ?? 1), 0);
    return this.node('Concat', values, first.type, shape, { attributes: { axis } });
  }

  /** Entries of the first axis of `table` by index. */
  gatherRows(table: Value, indices: Value): Value {
    const shape = [...indices.shape, ...table.shape.slice(1)];
    return this.node('Gather', [table, indices], table.type, shape, { attributes: { axis: 0 } });
  }

  /** The sum of each row of a matrix: [rows, columns] to [rows, 1]. */
  rowSum(x: Value): Value {
    return this.node('ReduceSum', [x, this.ints([1])], x.type, [x.shape[0] ?? 1, 1]);
  }

  /** The entry at one index of an axis. The axis is kept with size 1. */
  pick(x: Value, axis: number, at: number): Value {
    return this.between(x, axis, at, at + 1);
  }

  /** The entries from `from` (included) to `to` (excluded) of an axis. */
  between(x: Value, axis: number, from: number, to: number): Value {
    return this.slice(x, [from], this.ints([to]), [axis], [to - from]);
  }

  /**
   * Entries from `starts` (included) to `ends` (excluded) along `axes`.
   *
   * @param ends int64 [axes]: a constant, or dimensions known only at run time
   * @param nominal sizes of the sliced axes in the nominal shape of the result
   */
  slice(x: Value, starts: readonly number[], ends: Value, axes: readonly number[], nominal: readonly number[]): Value {
    const shape = [...x.shape];
    axes.forEach((axis, at) => {
      shape[axis] = nominal[at] ?? 1;
    });
    return this.node('Slice', [x, this.ints(starts), ends, this.ints(axes)], x.type, shape);
  }

  /** Dimensions `from` (included) to `to` (excluded) of `x` as an int64 vector. */
  shapeOf(x: Value, from: number, to: number): Value {
    return this.node('Shape', [x], 'int64', [to - from], { attributes: { start: from, end: to } });
  }

  /** A matrix with `count` entries of `fill` prepended to each row. */
  padFront(x: Value, count: number, fill: Value): Value {
    const shape = [...x.shape.slice(0, -1), (x.shape.at(-1) ?? 0) + count];
    const pads = this.ints([0, count, 0, 0]);
    return this.node('Pad', [x, pads, fill], x.type, shape, { attributes: { mode: 'constant' } });
  }

  /**
   * ONNX Runtime's fused MultiHeadAttention. Scores are not scaled: the scale is folded into the projection of q.
   *
   * @param q, k, v [B, L, heads * head width]
   * @param extra.bias [1 or B, heads, L, L], added to the scores
   * @param extra.mask int32 [B, L], 0 where a key is padding
   */
  attention(
    q: Value,
    k: Value,
    v: Value,
    heads: number,
    extra: { bias?: Value | undefined; mask?: Value | undefined },
  ): Value {
    const [, queries = 1, width = 1] = q.shape;
    const keys = k.shape[1] ?? 1;
    return this.node('MultiHeadAttention', [q, k, v, undefined, extra.mask, extra.bias], q.type, q.shape, {
      domain: MICROSOFT,
      attributes: { num_heads: heads, scale: { float: 1 } },
      multiplyAdds: 2 * queries * keys * width,
      // q, k and v split by head, the scores, and the result before its heads are joined.
      scratchBytes: 4 * (heads * queries * keys + (2 * queries + 2 * keys) * width),
    });
  }
}

/** Attributes of an operator with a square window, and the side of its result by that of its input. */
function slidingWindow(kernel: number, stride: number, padding: number) {
  return {
    side: (size: number): number => Math.floor((size + 2 * padding - kernel) / stride) + 1,
    attributes: {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    },
  };
}

/** NumPy's broadcasting of shapes. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, at) => {
    const left = a[at - rank + a.length] ?? 1;
    const right = b[at - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Error(`Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`);
    }
    return Math.max(left, right);
  });
}
