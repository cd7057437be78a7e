import type { Tensor, Weights } from './reference/ofa.ts';
import type { Fill, TensorSpec } from './checkpoint-tensors.ts';
import { variantTensors, variantWeights } from './checkpoint-weights.ts';
import type { Variant } from './checkpoint-variants.ts';
import type { ArchiveTensor } from './torch-archive.ts';

type Entry = readonly [string, ArchiveTensor];

/** The tensors of a variant as its file holds them, in the order of the state dictionary. */
export function archiveTensors(variant: Variant): Entry[] {
  const specs = variantTensors(variant);
  const weights = variantWeights(variant);
  switch (variant.layout) {
    case 'torch':
      return specs.map((spec) => [spec.name, plain(spec, weights, variant)]);
    case 'torch-views':
      return specs.map((spec) => [spec.name, view(spec, weights, variant)]);
    case 'safetensors':
      return specs.map((spec) => [spec.name, stored(spec, tensorOf(weights, spec.name), variant)]);
    case 'safetensors-one-name': {
      const dropped = new Set(specs.filter(hasTwin).map((spec) => spec.name));
      return specs
        .filter((spec) => !dropped.has(spec.name))
        .map((spec) => [spec.name, stored(spec, tensorOf(weights, spec.name), variant)]);
    }
  }
  /** Of tied tensors the alphabetically first name stays. */
  function hasTwin(spec: TensorSpec): boolean {
    const group = specs.filter((other) => rootOf(other) === rootOf(spec)).map((other) => other.name);
    return group.sort()[0] !== spec.name;
  }
}

function rootOf(spec: TensorSpec): string {
  return spec.fill.kind === 'tied' ? spec.fill.to : spec.name;
}

function plain(spec: TensorSpec, weights: Weights, variant: Variant): ArchiveTensor {
  const tensor = stored(spec, tensorOf(weights, spec.name), variant);
  if (spec.fill.kind !== 'tied') return tensor;
  return { dtype: tensor.dtype, shape: tensor.shape, tiedTo: spec.fill.to };
}

/** The tensor on its own, row-major without gaps. */
function stored(spec: TensorSpec, tensor: Tensor, variant: Variant): ArchiveTensor {
  const dtype = isInteger(spec.fill) ? 'int64' : variant.dtype;
  return { dtype, shape: spec.shape, data: [...tensor.data] };
}

/**
 * The tensor as a view that is not row-major from 0: q_proj and v_proj lie in the storage of their k_proj,
 * vectors have a gap after each element, everything else is column-major. The gaps hold NaN.
 */
function view(spec: TensorSpec, weights: Weights, variant: Variant): ArchiveTensor {
  const { name, shape } = spec;
  const fused = /^(.*\.)([kvq])_proj\.weight$/.exec(name);
  if (fused?.[1] !== undefined) return projectionView(fused[1], fused[2], spec, weights, variant);
  if (spec.fill.kind !== 'spread') return { ...plain(spec, weights, variant), ...columnMajorStrides(spec) };
  const { data } = tensorOf(weights, name);
  if (shape.length === 1) {
    const gapped = new Array<number>(3 + 2 * data.length).fill(NaN);
    data.forEach((value, i) => {
      gapped[3 + 2 * i] = value;
    });
    return { dtype: variant.dtype, shape, data: gapped, offset: 3, strides: [2] };
  }
  const strides = columnMajor(shape);
  return { dtype: variant.dtype, shape, strides, data: scatter(data, shape, strides) };
}

/** A tied embedding shows the same column-major storage as the one that it is tied to. */
function columnMajorStrides(spec: TensorSpec): { strides?: number[] } {
  return spec.fill.kind === 'tied' ? { strides: columnMajor(spec.shape) } : {};
}

function projectionView(
  attention: string,
  letter: string | undefined,
  spec: TensorSpec,
  weights: Weights,
  variant: Variant,
): ArchiveTensor {
  const base = { dtype: variant.dtype, shape: spec.shape };
  const order = ['k', 'v', 'q'];
  const parts = order.map((part) => [...tensorOf(weights, `${attention}${part}_proj.weight`).data]);
  if (letter === 'k') return { ...base, data: parts.flat() };
  const offset = order.indexOf(letter ?? '') * (parts[0]?.length ?? 0);
  return { ...base, tiedTo: `${attention}k_proj.weight`, offset };
}

/** Strides with which the first dimension runs fastest. */
function columnMajor(shape: readonly number[]): number[] {
  return shape.map((_, d) => shape.slice(0, d).reduce((product, size) => product * size, 1));
}

/** Row-major values laid out by `strides`. */
function scatter(data: Tensor['data'], shape: readonly number[], strides: readonly number[]): number[] {
  const storage = new Array<number>(data.length).fill(NaN);
  data.forEach((value, index) => {
    let rest = index;
    let place = 0;
    for (let d = shape.length - 1; d >= 0; d--) {
      const size = shape[d] ?? 1;
      place += (rest % size) * (strides[d] ?? 0);
      rest = Math.floor(rest / size);
    }
    storage[place] = value;
  });
  return storage;
}

function isInteger(fill: Fill): boolean {
  return fill.kind === 'integers';
}

function tensorOf(weights: Weights, name: string): Tensor {
  const tensor = weights.get(name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor;
}
