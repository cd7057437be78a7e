import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../../model/onnx-runtime.ts';

import { GRAPH_IO, PACKAGE_FILES, type Manifest } from '../../../model/package/manifest.ts';
import { copyPicture } from './picture-store.ts';
import type { EngineBatch, EngineOutput, LoadOptions, Provider } from '../protocol.ts';
import { sessionOptions } from './session-options.ts';

/** A loaded graph. */
export interface EngineSession {
  readonly provider: Provider;
  run(batch: EngineBatch): Promise<EngineOutput>;
}

/** Loads the package's graph on a device. */
export async function openSession(
  dir: string,
  manifest: Manifest,
  { device, threads, maxBatch }: Omit<LoadOptions, 'packageDir'>,
): Promise<EngineSession> {
  const session = await InferenceSession.create(join(dir, PACKAGE_FILES.graph), sessionOptions(device, threads));
  return makeSession(session, manifest, device, device === 'cuda' ? batchSizes(maxBatch) : undefined);
}

/**
 * The batch sizes that a CUDA session runs, in ascending order. cuDNN searches for convolution algorithms at the first
 * run of each shape, so there are few shapes, and the warm-up runs them all.
 */
export function batchSizes(maxBatch: number): number[] {
  const sizes = [];
  for (let size = 1; size < maxBatch; size *= 2) sizes.push(size);
  return [...sizes, maxBatch];
}

/**
 * Runs batches on a loaded graph.
 *
 * @param fixedSizes allowed batch sizes in ascending order, to which smaller batches are padded. @default any size
 */
export function makeSession(
  session: InferenceSession,
  manifest: Manifest,
  provider: Provider,
  fixedSizes?: readonly number[],
): EngineSession {
  checkNames(session);
  // Memory for the pictures of a batch. It is reused, as a run ends before the next one starts.
  let pixels = new Uint8Array();
  return {
    provider,
    run: async (batch) => {
      const rows = fixedSizes?.find((size) => size >= batch.items.length) ?? batch.items.length;
      const pixelBytes = rows * manifest.image.size ** 2 * 3;
      if (pixels.length < pixelBytes) pixels = new Uint8Array(pixelBytes);
      const results = await session.run(feeds(batch, rows, manifest, pixels.subarray(0, pixelBytes)));
      const answers = batch.items.length * manifest.answers.length;
      return {
        probabilities: floats(results[GRAPH_IO.probabilities], answers),
        logScores: floats(results[GRAPH_IO.logScores], answers),
      };
    },
  };
}

function checkNames(session: InferenceSession): void {
  const names = new Set([...session.inputNames, ...session.outputNames]);
  const missing = Object.values(GRAPH_IO).filter((name) => !names.has(name));
  if (missing.length > 0) throw new Error(`the graph has no ${missing.join(', ')}`);
}

/**
 * Makes input tensors of `rows` rows. Rows beyond the items repeat the last item; their output is ignored.
 *
 * @param pixels memory for the pictures of all rows
 */
function feeds(batch: EngineBatch, rows: number, manifest: Manifest, pixels: Uint8Array): Record<string, Tensor> {
  const { size } = manifest.image;
  const pictureBytes = size * size * 3;
  const ids = new BigInt64Array(rows * batch.length).fill(BigInt(manifest.text.specialTokens.pad));
  for (let row = 0; row < rows; row++) {
    const item = batch.items[Math.min(row, batch.items.length - 1)];
    const picture = item === undefined ? undefined : batch.images[item.image];
    if (item === undefined || picture === undefined) throw new Error(`item ${row} has no picture`);
    if (item.inputIds.length > batch.length) {
      throw new Error(`item ${row} has ${item.inputIds.length} tokens in a batch of ${batch.length}`);
    }
    copyPicture(picture, pixels.subarray(row * pictureBytes, (row + 1) * pictureBytes));
    item.inputIds.forEach((id, at) => {
      ids[row * batch.length + at] = BigInt(id);
    });
  }
  return {
    [GRAPH_IO.image]: new Tensor('uint8', pixels, [rows, size, size, 3]),
    [GRAPH_IO.inputIds]: new Tensor('int64', ids, [rows, batch.length]),
  };
}

function floats(tensor: Tensor | undefined, count: number): Float32Array {
  if (!(tensor?.data instanceof Float32Array) || tensor.data.length < count) {
    throw new Error('an output of the graph is not float32 [batch, answers]');
  }
  return tensor.data.slice(0, count);
}
