/**
 * The batch sizes that a CUDA session runs, in ascending order. cuDNN searches for convolution algorithms at the first
 * run of each shape, so there are few shapes, and the warm-up runs them all.
 */
export function batchSizes(maxBatch: number): number[] {
  const sizes = [];
  for (let size = 1; size < maxBatch; size *= 2) sizes.push(size);
  return [...sizes, maxBatch];
}

/** The smallest of the sizes that holds a batch; without sizes, the batch's own. */
export function rowsFor(items: number, sizes: readonly number[] | undefined): number {
  return sizes?.find((size) => size >= items) ?? items;
}
