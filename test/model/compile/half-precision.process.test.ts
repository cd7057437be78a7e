import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { archiveTensors } from '../../../testing/checkpoint-layout.ts';
import { variant, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { largestDifference } from '../../../testing/graph-session.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { writeTorchArchive } from '../../../testing/torch-archive.ts';

/** The self-test's probabilities of a package. For fp16, the compiler computes them with every tensor rounded. */
async function probabilities(checkpoint: string, precision: Manifest['precision']): Promise<number[]> {
  const target = path.join(tempFolder(), precision);
  const { selfTest } = await compileCheckpoint(checkpoint, target, { precision });
  return selfTest.cases.flatMap((each) => each.probabilities);
}

describe('every tensor rounded to float16 after each operation', () => {
  test("changes the answers of one layer of OFA-large's width by less than 2e-2", async () => {
    const checkpoint = path.join(tempFolder(), 'checkpoint');
    writeVariantCheckpoint(
      checkpoint,
      variant('one large layer', {
        config: {
          d_model: 1024,
          encoder_layers: 1,
          decoder_layers: 1,
          encoder_attention_heads: 16,
          decoder_attention_heads: 16,
          encoder_ffn_dim: 4096,
          decoder_ffn_dim: 4096,
          image_bucket_size: 42,
          token_bucket_size: 256,
          max_position_embeddings: 1024,
        },
        task: { patch_image_size: 480 },
      }),
    );
    const [single, half] = [await probabilities(checkpoint, 'fp32'), await probabilities(checkpoint, 'fp16')];
    const error = largestDifference(single, half);
    expect(error).toBeLessThan(2e-2);
    expect(error).toBeGreaterThan(1e-6);
  });
});

/** A checkpoint with one tensor multiplied by a factor, still within the range of float16. */
function scaledCheckpoint(name: string, factor: number): string {
  const checkpoint = path.join(tempFolder(), 'checkpoint');
  // With more than one decoder position, so that there is self-attention.
  const base = variant('scaled', { task: { prompt_type: 'prev_output' } });
  writeVariantCheckpoint(checkpoint, base);
  const entries = archiveTensors(base).map(([own, tensor]) =>
    own === name ? ([own, scaled(tensor, factor)] as const) : ([own, tensor] as const),
  );
  writeTorchArchive(path.join(checkpoint, 'pytorch_model.bin'), entries);
  return checkpoint;
}

type Tensor = ReturnType<typeof archiveTensors>[number][1];

function scaled(tensor: Tensor, factor: number): Tensor {
  if (!('data' in tensor)) throw new Error('a tensor of its own was expected');
  const data = typeof tensor.data === 'function' ? tensor.data() : tensor.data;
  return { ...tensor, data: Array.from(data, (value) => value * factor) };
}

describe('activations that float16 cannot hold', () => {
  test.each([
    ['encoder.layers.1.fc1.weight', 3e4, 'encoder/layers.1/fc1/MatMul'],
    ['decoder.layers.0.fc2.weight', 3e4, 'decoder/layers.0/fc2/MatMul'],
    ['encoder.image_proj.weight', 3e4, 'encoder/image/image_proj/MatMul'],
    ['decoder.layers.0.self_attn.q_proj.weight', 2e4, 'decoder/layers.0/MultiHeadAttention/scores'],
  ])('%s times %d: compiling stops at the operation whose result is too large', async (name, factor, node) => {
    const checkpoint = scaledCheckpoint(name, factor);
    await expect(probabilities(checkpoint, 'fp16')).rejects.toThrow(
      new RegExp(
        `^The output of ${node} reaches [0-9.e+]+, but float16 ends at 65504: compile with --precision fp32[.]$`,
      ),
    );
    await expect(probabilities(checkpoint, 'fp32')).resolves.toHaveLength(9);
  });
});
