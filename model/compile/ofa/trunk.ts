import { UserError } from '../../errors.ts';
import type { Value } from '../onnx/graph.ts';
import { EPSILON, type Module } from './module.ts';
import type { Parameters } from './parameters.ts';

/** Mean and standard deviation of each channel, of pixels in [0, 1]. */
export interface Normalisation {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** The reference's default: pixels to [-1, 1]. */
export const HALF: Normalisation = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
/** ImageNet's, for `imagenet_default_mean_and_std`. */
export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * The image trunk: a ResNet v1.5 (He et al., "Deep Residual Learning", with the stride in the 3x3 convolution) up to
 * stride 16; models/ofa/resnet.py of OFA-Sys/OFA. BatchNorms are folded into the convolutions, and the scale of the
 * pixels into the first one. Their mean is subtracted first, because zero padding comes after it. The number of
 * bottlenecks per stage and their widths come from the tensors: small models have fewer than any `resnet_type`.
 *
 * @param trunk the module `encoder.embed_images`
 * @param image uint8 [B, H, W, 3]
 * @returns [B, C, H / 16, W / 16]
 */
export function imageTrunk(trunk: Module, image: Value, { mean, std }: Normalisation): Value {
  const { graph, parameters } = trunk;
  const offset = trunk.literal(
    mean.map((value) => value * 255),
    [1, 3, 1, 1],
    'float32',
  );
  const planes = graph.cast(graph.transpose(image, [0, 3, 1, 2]), 'float32');
  const centred = graph.cast(graph.sub(planes, offset), trunk.float);
  const inputScale = std.map((value) => 1 / (255 * value));
  const stem = convolution(trunk, centred, 'conv1', 'bn1', { kernel: 7, stride: 2, inputScale });
  let x = graph.maxPool(graph.relu(stem), 3, 2, 1);
  for (const stage of ['layer1', 'layer2', 'layer3']) {
    // A stage without a first block is a missing tensor, not an empty stage.
    const blocks = Math.max(1, parameters.count(stage));
    for (let block = 0; block < blocks; block++) {
      const stride = stage !== 'layer1' && block === 0 ? 2 : 1;
      x = graph.scope(`${stage}.${block}`, () => bottleneck(trunk.at(stage, block), x, stride));
    }
  }
  return x;
}

/** [B, C, H, W] to [B, M, H / stride, W / stride]. */
function bottleneck(block: Module, x: Value, stride: number): Value {
  const { graph } = block;
  const reduced = graph.relu(convolution(block, x, 'conv1', 'bn1', { kernel: 1 }));
  const spatial = graph.relu(convolution(block, reduced, 'conv2', 'bn2', { kernel: 3, stride }));
  const expanded = convolution(block, spatial, 'conv3', 'bn3', { kernel: 1 });
  const isSame = stride === 1 && x.shape[1] === expanded.shape[1];
  const shortcut =
    !isSame || block.parameters.has('downsample.0.weight')
      ? convolution(block, x, 'downsample.0', 'downsample.1', { kernel: 1, stride })
      : x;
  return graph.relu(graph.add(expanded, shortcut));
}

interface Convolution {
  /** Side of the kernel; the padding is half of it, rounded down. */
  readonly kernel: number;
  /** @default 1 */
  readonly stride?: number;
  /** Multiplies each input channel. */
  readonly inputScale?: readonly number[];
}

/** A convolution without bias and the BatchNorm after it, in inference, as one convolution. */
function convolution(
  module: Module,
  x: Value,
  convName: string,
  normName: string,
  { kernel, stride = 1, inputScale }: Convolution,
): Value {
  const { graph, parameters } = module;
  const inputs = x.shape[1] ?? 1;
  const [outputs = 1] = parameters.shapeOf(`${convName}.weight`);
  const weight = parameters.get(`${convName}.weight`, [outputs, inputs, kernel, kernel]);
  const norm = batchNorm(parameters.at(normName), outputs);
  const area = kernel * kernel;
  const kernels = module.constant(weight.name, weight.shape, async () => {
    const { scale } = await norm();
    const values = await weight.read();
    return values.map(
      (value, at) =>
        value * (scale[Math.floor(at / (inputs * area))] ?? 1) * (inputScale?.[Math.floor(at / area) % inputs] ?? 1),
    );
  });
  const name = weight.name.replace(/weight$/, 'bias');
  const bias = module.constant(name, [outputs], async () => (await norm()).shift);
  return graph.conv(x, kernels, bias, stride, Math.floor(kernel / 2));
}

/** BatchNorm with running statistics as x * scale + shift per channel: [channels] each. */
function batchNorm(
  parameters: Parameters,
  channels: number,
): () => Promise<{ scale: Float32Array; shift: Float32Array }> {
  const weight = parameters.get('weight', [channels]);
  const bias = parameters.get('bias', [channels]);
  const mean = parameters.get('running_mean', [channels]);
  const variance = parameters.get('running_var', [channels]);
  return async () => {
    const [gamma, beta, mu, sigma2] = await Promise.all([weight.read(), bias.read(), mean.read(), variance.read()]);
    const negative = sigma2.find((value) => value + EPSILON <= 0);
    if (negative !== undefined) {
      throw new UserError(
        'checkpoint-unreadable',
        `The checkpoint's tensor ${variance.name} holds ${negative}, but a variance cannot be negative: it is damaged.`,
      );
    }
    const scale = gamma.map((value, at) => value / Math.sqrt((sigma2[at] ?? 1) + EPSILON));
    return { scale, shift: beta.map((value, at) => value - (mu[at] ?? 0) * (scale[at] ?? 1)) };
  };
}
