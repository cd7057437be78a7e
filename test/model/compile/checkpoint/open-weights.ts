import { onTestFinished } from 'vitest';
import { openWeights, type Weights } from '../../../../model/compile/checkpoint/weights.ts';
import type { ArchiveTensor } from '../../../../testing/torch-archive.ts';

/** A small tensor. */
export const square: ArchiveTensor = { dtype: 'float32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };

/** Opens the weights of a checkpoint folder until the end of the test. */
export async function open(folder: string): Promise<Weights> {
  const weights = await openWeights(folder);
  onTestFinished(() => weights.close());
  return weights;
}
