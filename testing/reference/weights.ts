import { dot, rowOf, zeros, type Matrix } from './matrix.ts';

/** A parameter of a checkpoint. Values are row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** A checkpoint's parameters by name. */
export type Weights = ReadonlyMap<string, Tensor>;

/** A vector parameter in double precision. `length`, if given, is checked. */
export function vector(weights: Weights, name: string, length?: number): Float64Array {
  const tensor = tensorOf(weights, name);
  if (tensor.shape.length !== 1 || (length !== undefined && tensor.shape[0] !== length)) {
    throw new Error(`${name} has shape [${tensor.shape.join(', ')}], not [${length ?? 'n'}]`);
  }
  return Float64Array.from(tensor.data);
}

/** A matrix parameter in double precision. */
export function matrix(weights: Weights, name: string): Matrix {
  const tensor = tensorOf(weights, name);
  const [rows, columns] = tensor.shape;
  if (tensor.shape.length !== 2 || rows === undefined || columns === undefined) {
    throw new Error(`${name} has shape [${tensor.shape.join(', ')}], not that of a matrix`);
  }
  return { rows, columns, data: Float64Array.from(tensor.data) };
}

/** A parameter as it is stored. Throws an error that names it if it is missing. */
export function tensorOf(weights: Weights, name: string): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`the checkpoint has no ${name}`);
  return tensor;
}

/** `x W^T + b` with the parameters `<prefix>.weight` and `<prefix>.bias`. */
export function linear(weights: Weights, prefix: string, x: Matrix): Matrix {
  const weight = matrix(weights, `${prefix}.weight`);
  const bias = vector(weights, `${prefix}.bias`, weight.rows);
  const result = zeros(x.rows, weight.rows);
  for (let row = 0; row < x.rows; row++) {
    const input = rowOf(x, row);
    for (let out = 0; out < weight.rows; out++) {
      result.data[row * weight.rows + out] = dot(input, rowOf(weight, out)) + (bias[out] ?? 0);
    }
  }
  return result;
}

/** LayerNorm over each row (biased variance, epsilon 1e-5) with `<prefix>.weight` and `<prefix>.bias`. */
export function layerNorm(weights: Weights, prefix: string, x: Matrix): Matrix {
  const weight = vector(weights, `${prefix}.weight`, x.columns);
  const bias = vector(weights, `${prefix}.bias`, x.columns);
  const result = zeros(x.rows, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const values = rowOf(x, row);
    const mean = values.reduce((sum, value) => sum + value, 0) / x.columns;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.columns;
    const deviation = Math.sqrt(variance + 1e-5);
    rowOf(result, row).set(values.map((value, i) => ((value - mean) / deviation) * (weight[i] ?? 0) + (bias[i] ?? 0)));
  }
  return result;
}

/** Rows of an embedding table by index. */
export function embed(table: Matrix, indices: readonly number[]): Matrix {
  const result = zeros(indices.length, table.columns);
  indices.forEach((index, row) => {
    rowOf(result, row).set(rowOf(table, index));
  });
  return result;
}
