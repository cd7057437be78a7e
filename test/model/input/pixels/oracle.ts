const FRACTION = 2 ** 22;

function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** Resizes one line of samples, `step` apart, as Pillow's 8-bit resampler does; plain and slow. */
function resizeLine(source: Uint8Array, at: number, step: number, length: number, outputLength: number): number[] {
  const scale = length / outputLength;
  const widened = Math.max(1, scale);
  return Array.from({ length: outputLength }, (_, output) => {
    const center = (output + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - 2 * widened + 0.5));
    const last = Math.min(length, Math.trunc(center + 2 * widened + 0.5));
    const weights: number[] = [];
    for (let x = first; x < last; x++) weights.push(cubic((x - center + 0.5) * (1 / widened)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    let total = FRACTION / 2;
    weights.forEach((weight, tap) => {
      const scaled = (weight / sum) * FRACTION;
      const fixed = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      total += fixed * (source[at + (first + tap) * step] ?? NaN);
    });
    return Math.min(255, Math.max(0, Math.floor(total / FRACTION)));
  });
}

/** Pillow's bicubic resize of an RGB image to a square: rows first, then columns; an unchanged side is left alone. */
export function resizeSlowly(pixels: Uint8Array, width: number, height: number, size: number): Uint8Array {
  const across = new Uint8Array(size * height * 3);
  for (let row = 0; row < height; row++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = row * width * 3 + channel;
      if (width === size) {
        for (let x = 0; x < size; x++) across[start + x * 3] = pixels[start + x * 3] ?? NaN;
        continue;
      }
      const line = resizeLine(pixels, start, 3, width, size);
      line.forEach((value, x) => (across[(row * size + x) * 3 + channel] = value));
    }
  }
  if (height === size) return across;
  const output = new Uint8Array(size * size * 3);
  for (let column = 0; column < size * 3; column++) {
    const line = resizeLine(across, column, size * 3, height, size);
    line.forEach((value, y) => (output[y * size * 3 + column] = value));
  }
  return output;
}
