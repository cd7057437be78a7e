import { describe, expect, it } from 'vitest';
import { quantizedKernels, quantizedMatrix, quantizeWeights } from '../../../../model/compile/int8/weights.ts';
import { floatInitializer, type Initializer } from '../../../../model/compile/onnx/tensor.ts';
import { SeededRandom } from '../../../../testing/random.ts';

function random(length: number): Float32Array {
  const values = new Float32Array(length);
  new SeededRandom(length).fill(values, 0, 1);
  return values;
}

function constant(shape: readonly number[], values: Float32Array): Initializer {
  return floatInitializer('weight', 'float32', shape, () => Promise.resolve(values));
}

async function bytesOf(initializer: Initializer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of initializer.chunks()) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

async function floatsOf(initializer: Initializer): Promise<Float32Array> {
  return new Float32Array(Uint8Array.from(await bytesOf(initializer)).buffer);
}

describe('quantizeWeights', () => {
  const columns = 5;
  const weights = random(columns * 40).map((value, at) => value * 10 ** ((at % columns) - 2));
  const { values, scales } = quantizeWeights(weights, columns, (at) => at % columns);

  it('is off by at most half a step, whatever the magnitude of a column', () => {
    weights.forEach((weight, at) => {
      const scale = scales[at % columns] ?? NaN;
      expect(Math.abs(weight - scale * (values[at] ?? NaN))).toBeLessThanOrEqual(scale * 0.5001);
    });
  });

  it('is symmetric, and uses the whole range in each column', () => {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-127);
    for (let column = 0; column < columns; column++) {
      const own = [...values].filter((_, at) => at % columns === column);
      expect(Math.max(...own.map(Math.abs))).toBe(127);
    }
    const negated = quantizeWeights(
      weights.map((value) => -value),
      columns,
      (at) => at % columns,
    );
    expect([...negated.values]).toEqual([...values].map((value) => (value === 0 ? 0 : -value)));
  });

  it('has zeros and a scale for a column of zeros', () => {
    const zero = quantizeWeights(Float32Array.of(0, 3, 0, -6), 2, (at) => at % 2);
    expect([...zero.values]).toEqual([0, 64, 0, -127]);
    expect(zero.scales[0]).toBe(1);
  });
});

describe('quantizedMatrix', () => {
  it('multiplies the factors into the rows before it quantizes the columns', async () => {
    const matrix = random(6);
    const { values, scales } = quantizedMatrix(constant([3, 2], matrix), Float32Array.of(1, 10, 0.1));
    const [bytes, steps] = [new Int8Array(await bytesOf(values)), await floatsOf(scales)];
    matrix.forEach((weight, at) => {
      const scaled = weight * ([1, 10, 0.1][Math.floor(at / 2)] ?? 1);
      const step = steps[at % 2] ?? NaN;
      expect(Math.abs(scaled - step * (bytes[at] ?? NaN))).toBeLessThanOrEqual(step * 0.5001);
    });
  });

  it('has the same scales, whichever of its constants is read first', async () => {
    const matrix = constant([8, 4], random(32));
    const [first, second] = [quantizedMatrix(matrix), quantizedMatrix(matrix)];
    await bytesOf(first.values);
    expect(await bytesOf(first.scales)).toEqual(await bytesOf(second.scales));
  });
});

describe('quantizedKernels', () => {
  const INPUT_SCALE = 0.02;

  async function biasOf(weights: Float32Array, bias: readonly number[]): Promise<number[]> {
    const outputs = bias.length;
    const kernels = constant([outputs, weights.length / outputs, 1, 1], weights);
    const quantized = quantizedKernels(kernels, constant([outputs], Float32Array.from(bias)), INPUT_SCALE);
    const integers = new Int32Array(Uint8Array.from(await bytesOf(quantized.bias)).buffer);
    const scales = await floatsOf(quantized.scales);
    return [...integers].map((value, at) => value * INPUT_SCALE * (scales[at] ?? NaN));
  }

  it("has a bias in units of the input's scale times the output's", async () => {
    const bias = await biasOf(random(64), [0.5, -2, 0, 7.25]);
    [0.5, -2, 0, 7.25].forEach((value, at) => {
      expect(bias[at]).toBeCloseTo(value, 3);
    });
  });

  it('keeps the bias of an output whose weights are 0 or tiny', async () => {
    const weights = Float32Array.of(0, 0, 1e-12, -1e-12, 1, 1);
    const bias = await biasOf(weights, [3, -4, 5]);
    [3, -4, 5].forEach((value, at) => {
      expect(bias[at]).toBeCloseTo(value, 3);
    });
  });
});
