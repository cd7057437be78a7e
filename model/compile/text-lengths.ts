/** The fused attention kernels on CUDA need sequence lengths that are multiples of this. */
const MULTIPLE = 8;

/**
 * The text lengths to which batches are padded. With each of them, the number of image positions and tokens is a
 * multiple of 8, as the fused attention kernels need. Steps are small for short texts, which are the most frequent,
 * and larger for longer ones, so that few shapes must be warmed up.
 *
 * @param imagePositions image positions of the encoder's sequence
 * @param longest tokens of the longest text, `<s>` and `</s>` included
 * @returns ascending; the last one is at least `longest`
 */
export function textLengths(imagePositions: number, longest: number): number[] {
  const first = MULTIPLE + ((MULTIPLE - (imagePositions % MULTIPLE)) % MULTIPLE);
  const lengths = [first];
  for (let last = first; last < longest;) {
    const step = Math.max(MULTIPLE, 2 ** Math.floor(Math.log2(last / 2)));
    const needed = last + Math.ceil((longest - last) / MULTIPLE) * MULTIPLE;
    last = Math.min(last + step, needed);
    lengths.push(last);
  }
  return lengths;
}
