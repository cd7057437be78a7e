// The linear algebra that is needed at compile time, on row-major Float32Arrays with float64 accumulation.

/** The transpose of a [rows, columns] matrix. */
export function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(matrix.length);
  // Tiles that fit into the L1 cache: otherwise every write would miss it.
  const tile = 32;
  for (let top = 0; top < rows; top += tile) {
    for (let left = 0; left < columns; left += tile) {
      const bottom = Math.min(rows, top + tile);
      const right = Math.min(columns, left + tile);
      for (let r = top; r < bottom; r++) {
        for (let c = left; c < right; c++) out[c * rows + r] = matrix[r * columns + c] ?? 0;
      }
    }
  }
  return out;
}

/** x [rows, inner] times the transpose of w [outputs, inner]. */
export function timesTransposed(x: Float32Array, w: Float32Array, rows: number, inner: number): Float32Array {
  const outputs = w.length / inner;
  const out = new Float32Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * inner, (r + 1) * inner);
    for (let o = 0; o < outputs; o++) out[r * outputs + o] = dot(row, w, o * inner);
  }
  return out;
}

/** A linear layer: x [rows, inner], weight [outputs, inner], bias [outputs]. */
export function linear(x: Float32Array, weight: Float32Array, bias: Float32Array, rows: number): Float32Array {
  const out = timesTransposed(x, weight, rows, weight.length / bias.length);
  for (let at = 0; at < out.length; at++) out[at] = (out[at] ?? 0) + (bias[at % bias.length] ?? 0);
  return out;
}

/** Layer normalisation of every row of x, which has as many columns as `weight` has values. */
export function layerNorm(x: Float32Array, weight: Float32Array, bias: Float32Array, epsilon: number): Float32Array {
  const width = weight.length;
  const out = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = x.subarray(start, start + width);
    let mean = 0;
    for (const value of row) mean += value / width;
    let variance = 0;
    for (const value of row) variance += (value - mean) ** 2 / width;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < width; i++) {
      out[start + i] = ((row[i] ?? 0) - mean) * scale * (weight[i] ?? 1) + (bias[i] ?? 0);
    }
  }
  return out;
}

/** A copy of the columns [from, from + width) of a matrix with rows of `stride` values. */
export function columns(matrix: Float32Array, stride: number, from: number, width: number): Float32Array {
  const rows = matrix.length / stride;
  const out = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    out.set(matrix.subarray(r * stride + from, r * stride + from + width), r * width);
  }
  return out;
}

/** A copy of the rows at `indices` of a matrix with rows of `width` values, in that order. */
export function pickRows(matrix: Float32Array, indices: readonly number[], width: number): Float32Array {
  const out = new Float32Array(indices.length * width);
  indices.forEach((from, to) => {
    out.set(matrix.subarray(from * width, (from + 1) * width), to * width);
  });
  return out;
}

function dot(x: Float32Array, w: Float32Array, at: number): number {
  // Four independent sums, so that an addition need not wait for the previous one.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = x.length - (x.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += (x[i] ?? 0) * (w[at + i] ?? 0);
    b += (x[i + 1] ?? 0) * (w[at + i + 1] ?? 0);
    c += (x[i + 2] ?? 0) * (w[at + i + 2] ?? 0);
    d += (x[i + 3] ?? 0) * (w[at + i + 3] ?? 0);
  }
  for (let i = whole; i < x.length; i++) a += (x[i] ?? 0) * (w[at + i] ?? 0);
  return a + b + c + d;
}
