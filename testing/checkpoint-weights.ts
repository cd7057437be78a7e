import type { Tensor, Weights } from './reference/ofa.ts';
import { checkpointTensors, type TensorSpec } from './checkpoint-tensors.ts';
import type { Variant, VariantDtype } from './checkpoint-variants.ts';
import { SeededRandom, seedOf } from './random.ts';

/** The entries of a variant's state dictionary. */
export function variantTensors(variant: Variant): readonly TensorSpec[] {
  return [...checkpointTensors(variant.config, variant)];
}

/**
 * A variant's weights by name. Every value is one that `variant.dtype` represents exactly, so that a reader
 * has nothing to round.
 */
export function variantWeights(variant: Variant): Weights {
  const weights = new Map<string, Tensor>();
  for (const spec of variantTensors(variant)) weights.set(spec.name, generate(spec, variant, weights));
  return weights;
}

function generate(spec: TensorSpec, variant: Variant, earlier: Weights): Tensor {
  const { name, shape, fill } = spec;
  switch (fill.kind) {
    case 'tied': {
      const tensor = earlier.get(fill.to);
      if (tensor === undefined) throw new Error(`${name} is tied to ${fill.to}, which does not precede it`);
      return tensor;
    }
    case 'integers':
      return { shape, data: Float64Array.from(fill.values(), Number) };
    case 'spread': {
      const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
      new SeededRandom(seedOf(variant.seed, name)).fill(data, fill.mean, fill.deviation);
      return { shape, data: representable(data, variant.dtype) };
    }
  }
}

/** Bits of a float32's fraction that the narrower types lack. */
const DROPPED_BITS: Readonly<Record<VariantDtype, number>> = { float32: 0, float16: 13, bfloat16: 16 };

/** The smallest normal half-precision number: below it the fraction has fewer bits. */
const SMALLEST_NORMAL_HALF = 2 ** -14;

/** Cuts values down to what a narrower type holds exactly. */
function representable(values: Float32Array, dtype: VariantDtype): Float32Array {
  const dropped = DROPPED_BITS[dtype];
  const bits = new Uint32Array(values.buffer).map((word) => (word >>> dropped) << dropped);
  const cut = new Float32Array(bits.buffer);
  return dtype === 'float16' ? cut.map((value) => (Math.abs(value) < SMALLEST_NORMAL_HALF ? 0 : value)) : cut;
}
