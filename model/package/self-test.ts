/**
 * The image of a self-test case. It is the same on every machine, and has structure at every scale (a colour ramp, a
 * disc, noise), so that a wrong image trunk is noticed.
 *
 * @param seed any non-negative integer; different seeds give different images
 * @param size side in pixels
 * @returns RGB bytes, size * size * 3, row by row
 */
export function selfTestImage(seed: number, size: number): Uint8Array {
  const pixels = new Uint8Array(size * size * 3);
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x85ebca6b) >>> 0;
  // xorshift32: Marsaglia, "Xorshift RNGs", 2003.
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const centre = [next() % size, next() % size] as const;
  const radius = size / 8 + (next() % Math.max(1, size >> 2));
  const disc = [next() & 255, next() & 255, next() & 255] as const;
  let at = 0;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 < radius * radius;
      const noise = next() & 31;
      pixels[at++] = inside ? disc[0] : ((x * 223) / size + noise) & 255;
      pixels[at++] = inside ? disc[1] : ((y * 223) / size + noise) & 255;
      pixels[at++] = inside ? disc[2] : (((x + y) * 111) / size + noise) & 255;
    }
  }
  return pixels;
}
