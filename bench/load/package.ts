import path from 'node:path';
import { compileCheckpoint } from '../../model/compile/compile.ts';
import { variant, writeVariantCheckpoint } from '../../testing/checkpoints.ts';

/** Large enough to make the engine the bottleneck, as it is with a real model. */
const MEDIUM = variant('medium', {
  config: {
    d_model: 192,
    encoder_layers: 4,
    decoder_layers: 2,
    encoder_attention_heads: 6,
    decoder_attention_heads: 6,
    encoder_ffn_dim: 768,
    decoder_ffn_dim: 768,
    image_bucket_size: 16,
  },
  task: { patch_image_size: 224 },
  baseWidth: 32,
});

/** Compiles a random model of medium size into a folder. @returns the package's folder */
export async function mediumPackage(folder: string): Promise<string> {
  const checkpoint = path.join(folder, 'checkpoint');
  writeVariantCheckpoint(checkpoint, MEDIUM);
  const target = path.join(folder, 'medium');
  await compileCheckpoint(checkpoint, target);
  return target;
}
