/** A row-major matrix in double precision: a sequence of `rows` vectors of `columns` features. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** The element at (row, column). Throws a RangeError outside the matrix. */
export function at(matrix: Matrix, row: number, column: number): number {
  const value = matrix.data[row * matrix.columns + column];
  if (row < 0 || column < 0 || column >= matrix.columns || value === undefined) {
    throw new RangeError(`(${row}, ${column}) is outside a ${matrix.rows} x ${matrix.columns} matrix`);
  }
  return value;
}

/** One row, as a view of the matrix's memory. */
export function rowOf(matrix: Matrix, row: number): Float64Array {
  if (row < 0 || row >= matrix.rows) {
    throw new RangeError(`row ${row} is outside a matrix of ${matrix.rows} rows`);
  }
  return matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns);
}

/** The sum of two matrices of the same shape. */
export function add(left: Matrix, right: Matrix): Matrix {
  if (left.rows !== right.rows || left.columns !== right.columns) {
    throw new RangeError(
      `cannot add ${right.rows} x ${right.columns} to ${left.rows} x ${left.columns}: the shapes differ`,
    );
  }
  return { ...left, data: left.data.map((value, index) => value + (right.data[index] ?? 0)) };
}

/** The matrix times a number. */
export function scale(matrix: Matrix, factor: number): Matrix {
  return { ...matrix, data: matrix.data.map((value) => value * factor) };
}

/** Adds `vector` to every row. */
export function addToRows(matrix: Matrix, vector: Float64Array): Matrix {
  return mapRows(matrix, vector, (value, term) => value + term);
}

/** Multiplies every row by `vector`, element by element. */
export function scaleRows(matrix: Matrix, vector: Float64Array): Matrix {
  return mapRows(matrix, vector, (value, factor) => value * factor);
}

/** The rows of `top`, then those of `bottom`. */
export function stack(top: Matrix, bottom: Matrix): Matrix {
  if (top.columns !== bottom.columns) {
    throw new RangeError(`cannot stack ${top.columns} columns on ${bottom.columns}`);
  }
  const stacked = zeros(top.rows + bottom.rows, top.columns);
  stacked.data.set(top.data);
  stacked.data.set(bottom.data, top.data.length);
  return stacked;
}

/** The inner product of two vectors of the same length. */
export function dot(left: Float64Array, right: Float64Array): number {
  if (left.length !== right.length) {
    throw new RangeError(`no inner product of ${left.length} and ${right.length} elements`);
  }
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += (left[i] ?? 0) * (right[i] ?? 0);
  return sum;
}

/** Natural logarithms of the softmax of `scores`. */
export function logSoftmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
  return scores.map((score) => score - largest - Math.log(total));
}

/** The softmax of `scores`. */
export function softmax(scores: readonly number[]): number[] {
  return logSoftmax(scores).map(Math.exp);
}

function mapRows(matrix: Matrix, vector: Float64Array, combine: (value: number, operand: number) => number): Matrix {
  if (vector.length !== matrix.columns) {
    throw new RangeError(`a vector of ${vector.length} does not fit rows of ${matrix.columns}`);
  }
  const { columns } = matrix;
  return {
    ...matrix,
    data: matrix.data.map((value, index) => combine(value, vector[index % columns] ?? 0)),
  };
}
