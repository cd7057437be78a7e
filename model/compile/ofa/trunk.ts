import type { Value } from '../onnx/graph.ts';
import { EPSILON, type Emitter } from './emitter.ts';
import type { Parameter, Parameters } from './parameters.ts';

/** Per-channel mean and standard deviation of pixels in [0, 1]. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The reference's default: pixels to [-1, 1]. */
export const HALF: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
/** ImageNet's, where `imagenet_default_mean_and_std` is set. */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * The image trunk: ResNet v1.5 (He et al., "Deep Residual Learning", with the stride in the 3x3 convolution)
 * up to stride 16, from `encoder.embed_images`. BatchNorms are folded into the convolutions, the pixels' scale
 * into the first one; their mean is subtracted, since zero padding comes after it. How many bottlenecks a stage
 * has, and how wide they are, is read off the tensors: small models have fewer than any `resnet_type`.
 *
 * @param image uint8 [B, H, W, 3]
 * @returns [B, C, H / 16, W / 16]
 */
export function imageTrunk(
  emitter: Emitter,
  parameters: Parameters,
  image: Value,
  normalisation: Normalisation,
): Value {
  const { ops } = emitter;
  const mean = emitter.literal(
    normalisation.mean.map((value) => value * 255),
    [1, 3, 1, 1],
    'float32',
  );
  const planes = emitter.cast(ops.transpose(image, [0, 3, 1, 2]), 'float32');
  const centred = emitter.cast(ops.sub(planes, mean), emitter.float);
  const inputScale = normalisation.std.map((value) => 1 / (255 * value));
  const stem = convolution(emitter, parameters, centred, 'conv1', 'bn1', {
    kernel: 7,
    stride: 2,
    padding: 3,
    inputScale,
  });
  let x = ops.maxPool(ops.relu(stem), 3, 2, 1);
  for (const stage of ['layer1', 'layer2', 'layer3']) {
    // Every stage has its first block: a stage without one is a missing tensor, not an empty stage.
    const blocks = Math.max(1, parameters.count(stage));
    for (let block = 0; block < blocks; block++) {
      const path = [stage, block] as const;
      const stride = stage !== 'layer1' && block === 0 ? 2 : 1;
      x = emitter.builder.scope(path.join('.'), () => bottleneck(emitter, parameters.at(...path), x, stride));
    }
  }
  return x;
}

function bottleneck(emitter: Emitter, parameters: Parameters, x: Value, stride: number): Value {
  const { ops } = emitter;
  const reduced = ops.relu(
    convolution(emitter, parameters, x, 'conv1', 'bn1', { kernel: 1, stride: 1, padding: 0 }),
  );
  const spatial = ops.relu(
    convolution(emitter, parameters, reduced, 'conv2', 'bn2', { kernel: 3, stride, padding: 1 }),
  );
  const expanded = convolution(emitter, parameters, spatial, 'conv3', 'bn3', {
    kernel: 1,
    stride: 1,
    padding: 0,
  });
  const shortcut = parameters.has('downsample.0.weight')
    ? convolution(emitter, parameters, x, 'downsample.0', 'downsample.1', { kernel: 1, stride, padding: 0 })
    : x;
  return ops.relu(ops.add(expanded, shortcut));
}

interface Convolution {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** Multiplies each input channel. */
  readonly inputScale?: readonly number[];
}

/** A convolution without bias followed by its BatchNorm in inference, as one convolution. */
function convolution(
  emitter: Emitter,
  parameters: Parameters,
  x: Value,
  convName: string,
  normName: string,
  { kernel, stride, padding, inputScale }: Convolution,
): Value {
  const inputs = x.shape[1] ?? 1;
  const [outputs = 1] = parameters.shapeOf(`${convName}.weight`);
  const weight = parameters.get(`${convName}.weight`, [outputs, inputs, kernel, kernel]);
  const norm = batchNorm(parameters.at(normName), outputs);
  const kernels = emitter.constant(weight.name, weight.shape, async () => {
    const { scale } = await norm();
    const values = await weight.read();
    const area = kernel * kernel;
    return values.map(
      (value, at) =>
        value *
        (scale[Math.floor(at / (inputs * area))] ?? 1) *
        (inputScale?.[Math.floor(at / area) % inputs] ?? 1),
    );
  });
  const name = weight.name.replace(/weight$/, 'bias');
  const bias = emitter.constant(name, [outputs], async () => (await norm()).shift);
  return emitter.ops.conv(x, kernels, bias, stride, padding);
}

/** BatchNorm with running statistics is x * scale + shift, by channel. */
function batchNorm(
  parameters: Parameters,
  channels: number,
): () => Promise<{ scale: Float32Array; shift: Float32Array }> {
  const part = (name: string): Parameter => parameters.get(name, [channels]);
  const [weight, bias] = [part('weight'), part('bias')];
  const [mean, variance] = [part('running_mean'), part('running_var')];
  return async () => {
    const [gamma, beta, mu, sigma2] = await Promise.all([
      weight.read(),
      bias.read(),
      mean.read(),
      variance.read(),
    ]);
    const scale = gamma.map((value, at) => value / Math.sqrt((sigma2[at] ?? 1) + EPSILON));
    return { scale, shift: beta.map((value, at) => value - (mu[at] ?? 0) * (scale[at] ?? 1)) };
  };
}
