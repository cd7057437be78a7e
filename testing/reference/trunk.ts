import { zeros, type Matrix } from './matrix.ts';
import type { ReferenceTask } from './config.ts';
import { tensorOf, vector, type Weights } from './weights.ts';

/** An image or features: `data` is [channels, height, width], row-major. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const HALVES = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

/** RGB bytes [size, size, 3] to normalised planes. */
export function normalise(pixels: Uint8Array, task: ReferenceTask): Planes {
  const size = task.patch_image_size;
  if (pixels.length !== size * size * 3) {
    throw new RangeError(`${pixels.length} bytes are not ${size} x ${size} RGB pixels`);
  }
  const { mean, deviation } = task.imagenet_default_mean_and_std ? IMAGENET : HALVES;
  const data = new Float64Array(3 * size * size);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size * size; i++) {
      const unit = (pixels[i * 3 + channel] ?? 0) / 255;
      data[channel * size * size + i] = (unit - (mean[channel] ?? 0)) / (deviation[channel] ?? 1);
    }
  }
  return { channels: 3, height: size, width: size, data };
}

/**
 * The ResNet up to stride 16: `encoder.embed_images.*`, three stages with as many bottlenecks as the checkpoint has
 * (the small fixtures have fewer than the `resnet_type` in their config.json).
 */
export function trunk(weights: Weights, image: Planes): Planes {
  const prefix = 'encoder.embed_images';
  let x = convolve(weights, `${prefix}.conv1`, image, 2, 3);
  x = maxPool(relu(batchNorm(weights, `${prefix}.bn1`, x)));
  for (const stage of [1, 2, 3]) {
    for (let block = 0; block === 0 || weights.has(blockWeight(prefix, stage, block)); block++) {
      const stride = stage > 1 && block === 0 ? 2 : 1;
      x = bottleneck(weights, `${prefix}.layer${stage}.${block}`, x, stride, block === 0);
    }
  }
  return x;
}

function blockWeight(prefix: string, stage: number, block: number): string {
  return `${prefix}.layer${stage}.${block}.conv1.weight`;
}

/** Converts planes to a sequence of positions, row by row of the grid. */
export function toSequence(planes: Planes): Matrix {
  const positions = planes.height * planes.width;
  const sequence = zeros(positions, planes.channels);
  for (let channel = 0; channel < planes.channels; channel++) {
    for (let i = 0; i < positions; i++) {
      sequence.data[i * planes.channels + channel] = planes.data[channel * positions + i] ?? 0;
    }
  }
  return sequence;
}

function bottleneck(weights: Weights, prefix: string, x: Planes, stride: number, first: boolean): Planes {
  let branch = relu(batchNorm(weights, `${prefix}.bn1`, convolve(weights, `${prefix}.conv1`, x, 1, 0)));
  branch = relu(batchNorm(weights, `${prefix}.bn2`, convolve(weights, `${prefix}.conv2`, branch, stride, 1)));
  branch = batchNorm(weights, `${prefix}.bn3`, convolve(weights, `${prefix}.conv3`, branch, 1, 0));
  const shortcut = first
    ? batchNorm(weights, `${prefix}.downsample.1`, convolve(weights, `${prefix}.downsample.0`, x, stride, 0))
    : x;
  if (shortcut.channels !== branch.channels || shortcut.data.length !== branch.data.length) {
    throw new RangeError(`${prefix}: the branch and its shortcut differ in shape`);
  }
  return relu({ ...branch, data: branch.data.map((value, i) => value + (shortcut.data[i] ?? 0)) });
}

function convolve(weights: Weights, prefix: string, x: Planes, stride: number, padding: number): Planes {
  const { shape, data } = tensorOf(weights, `${prefix}.weight`);
  const [outputs = 0, inputs = 0, side = 0] = shape;
  if (shape.length !== 4 || inputs !== x.channels || side !== shape[3]) {
    throw new RangeError(`${prefix}.weight [${shape.join(', ')}] does not fit ${x.channels} planes`);
  }
  const height = Math.floor((x.height + 2 * padding - side) / stride) + 1;
  const width = Math.floor((x.width + 2 * padding - side) / stride) + 1;
  const result = new Float64Array(outputs * height * width);
  let tap = 0;
  for (let output = 0; output < outputs; output++) {
    const plane = result.subarray(output * height * width, (output + 1) * height * width);
    for (let input = 0; input < inputs; input++) {
      const source = x.data.subarray(input * x.height * x.width, (input + 1) * x.height * x.width);
      for (let ky = 0; ky < side; ky++) {
        for (let kx = 0; kx < side; kx++) {
          const shift = { stride, dy: ky - padding, dx: kx - padding };
          addShifted({ data: plane, height, width }, { ...x, data: source }, data[tap++] ?? NaN, shift);
        }
      }
    }
  }
  return { channels: outputs, height, width, data: result };
}

type Plane = Omit<Planes, 'channels'>;

/** One tap of a convolution: adds `weight` times the strided and shifted `source`, which is zero outside. */
function addShifted(
  target: Plane,
  source: Plane,
  weight: number,
  shift: { stride: number; dy: number; dx: number },
): void {
  for (let y = 0; y < target.height; y++) {
    const sourceY = y * shift.stride + shift.dy;
    if (sourceY < 0 || sourceY >= source.height) continue;
    for (let x = 0; x < target.width; x++) {
      const sourceX = x * shift.stride + shift.dx;
      if (sourceX < 0 || sourceX >= source.width) continue;
      const index = y * target.width + x;
      const value = source.data[sourceY * source.width + sourceX] ?? NaN;
      target.data[index] = (target.data[index] ?? NaN) + weight * value;
    }
  }
}

/** BatchNorm with running statistics, epsilon 1e-5. */
function batchNorm(weights: Weights, prefix: string, x: Planes): Planes {
  const weight = vector(weights, `${prefix}.weight`, x.channels);
  const bias = vector(weights, `${prefix}.bias`, x.channels);
  const mean = vector(weights, `${prefix}.running_mean`, x.channels);
  const variance = vector(weights, `${prefix}.running_var`, x.channels);
  const plane = x.height * x.width;
  const data = x.data.map((value, i) => {
    const c = Math.floor(i / plane);
    const unit = (value - (mean[c] ?? 0)) / Math.sqrt((variance[c] ?? 0) + 1e-5);
    return unit * (weight[c] ?? 0) + (bias[c] ?? 0);
  });
  return { ...x, data };
}

function relu(x: Planes): Planes {
  return { ...x, data: x.data.map((value) => Math.max(value, 0)) };
}

/** 3 x 3, stride 2, padding 1 with negative infinity. */
function maxPool(x: Planes): Planes {
  const height = Math.floor((x.height - 1) / 2) + 1;
  const width = Math.floor((x.width - 1) / 2) + 1;
  const data = new Float64Array(x.channels * height * width).fill(-Infinity);
  for (let channel = 0; channel < x.channels; channel++) {
    for (let y = 0; y < x.height; y++) {
      for (let column = 0; column < x.width; column++) {
        const value = x.data[(channel * x.height + y) * x.width + column] ?? 0;
        for (const outY of windowsOver(y, height)) {
          for (const outX of windowsOver(column, width)) {
            const at = (channel * height + outY) * width + outX;
            data[at] = Math.max(data[at] ?? 0, value);
          }
        }
      }
    }
  }
  return { channels: x.channels, height, width, data };
}

/** Windows of the pool that contain a coordinate: window o covers 2o - 1, 2o and 2o + 1. */
function windowsOver(coordinate: number, windows: number): number[] {
  const seen = coordinate % 2 === 0 ? [coordinate / 2] : [(coordinate - 1) / 2, (coordinate + 1) / 2];
  return seen.filter((window) => window < windows);
}
