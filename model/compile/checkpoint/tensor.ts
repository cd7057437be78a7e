import { UserError } from '../../errors.ts';
import { elementCount } from '../shape.ts';
import { convertToFloat32, ELEMENT_BYTES, type Dtype } from './dtype.ts';
import { FileSource } from './file-source.ts';

/** A tensor of a checkpoint, without its values. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Identifies the elements: equal for tied tensors, which are the same view of the same storage. */
  readonly storage: string;
}

/** A strided view of a storage. All numbers count elements. */
export interface StridedView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A tensor with the location of its storage in a file. */
export interface StoredTensor {
  readonly info: TensorInfo;
  readonly source: FileSource;
  /** Byte position of the storage's first element in the file. */
  readonly position: number;
  readonly view: StridedView;
}

/** Bytes that are converted to float32 at a time. */
const CHUNK_BYTES = 2 ** 22;

/** Elements that a tensor may always have, however small its storage: expanded views repeat elements. */
const EXPANDED_ELEMENTS = 2 ** 24;

/** Most dimensions that are accepted: more than any layer has. */
export const MAX_RANK = 16;

/** Strides of a row-major tensor without gaps. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = (strides[d + 1] ?? 1) * (shape[d + 1] ?? 1);
  return strides;
}

/** Number of elements between the first and the last one of the view, both included. */
function span(view: StridedView): number {
  if (elementCount(view.shape) === 0) return 0;
  return view.shape.reduce((total, size, d) => total + (size - 1) * (view.strides[d] ?? 0), 1);
}

function isContiguous(view: StridedView): boolean {
  const expected = contiguousStrides(view.shape);
  return view.shape.every((size, d) => size === 1 || view.strides[d] === expected[d]);
}

/**
 * Rejects a view that reaches outside its storage, or that is far larger than it.
 *
 * @param where subject of the error's sentence, naming the tensor
 * @param view whose numbers are counts
 * @throws UserError (checkpoint-unreadable)
 */
export function checkView(where: string, view: StridedView, storageElements: number): void {
  const { shape, strides, offset } = view;
  const refuse = (what: string): never => {
    throw new UserError('checkpoint-unreadable', `${where} ${what}; the checkpoint is damaged.`);
  };
  if (shape.length !== strides.length) refuse(`has ${shape.length} dimensions but ${strides.length} strides`);
  const elements = elementCount(shape);
  if (elements > Math.max(storageElements, EXPANDED_ELEMENTS)) {
    refuse(`of shape [${shape.join(', ')}] has far more elements than its storage of ${storageElements}`);
  }
  if (elements > 0 && offset + span(view) > storageElements) {
    refuse(`needs ${offset + span(view)} elements of a storage of ${storageElements}`);
  }
}

/** Copies a strided view into `out`, row by row. `values` starts at the view's first element. */
function gather(view: StridedView, values: Float32Array, out: Float32Array): void {
  const { shape, strides } = view;
  const rank = shape.length;
  const rowLength = shape[rank - 1] ?? 1;
  const rowStride = strides[rank - 1] ?? 1;
  const index = new Array<number>(rank).fill(0);
  let start = 0;
  for (let row = 0; row < out.length; row += rowLength) {
    for (let i = 0; i < rowLength; i++) out[row + i] = values[start + i * rowStride] ?? NaN;
    // Step the outer dimensions like an odometer, the last of them fastest.
    for (let d = rank - 2; d >= 0; d--) {
      const next = (index[d] ?? 0) + 1;
      const wraps = next === shape[d];
      index[d] = wraps ? 0 : next;
      start += (strides[d] ?? 0) * (wraps ? 1 - next : 1);
      if (!wraps) break;
    }
  }
}

/** `count` consecutive elements of a storage as float32, starting at element `first`. */
async function readElements(tensor: StoredTensor, first: number, count: number): Promise<Float32Array> {
  const { dtype } = tensor.info;
  const size = ELEMENT_BYTES[dtype];
  const out = new Float32Array(count);
  const position = tensor.position + first * size;
  if (dtype === 'float32') {
    // ONNX Runtime only runs on little-endian machines, so the file's bytes are the values.
    await tensor.source.readInto(new Uint8Array(out.buffer), position);
    return out;
  }
  const step = CHUNK_BYTES / size;
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, count * size));
  for (let done = 0; done < count; done += step) {
    const part = out.subarray(done, done + step);
    const bytes = buffer.subarray(0, part.length * size);
    await tensor.source.readInto(bytes, position + done * size);
    convertToFloat32(dtype, bytes, part);
  }
  return out;
}

/** The elements of a view of the tensor's storage as float32, row-major. */
export async function readView(tensor: StoredTensor, view: StridedView): Promise<Float32Array> {
  if (isContiguous(view)) return readElements(tensor, view.offset, elementCount(view.shape));
  const values = await readElements(tensor, view.offset, span(view));
  const out = new Float32Array(elementCount(view.shape));
  gather(view, values, out);
  return out;
}

/** Tensors of one or several open files. */
export interface OpenedTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly sources: readonly FileSource[];
}

/**
 * Opens a file of tensors.
 *
 * @param readTensors locates the tensors; the file is closed again if it throws
 */
export async function openTensors(
  path: string,
  readTensors: (source: FileSource) => Promise<Map<string, StoredTensor>>,
): Promise<OpenedTensors> {
  const source = await FileSource.open(path);
  try {
    return { tensors: await readTensors(source), sources: [source] };
  } catch (error) {
    await source.close();
    throw error;
  }
}
