/** RGB of RGBA whose colours were multiplied by alpha. Without alpha, they are black. */
export function divideByAlpha(samples: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((samples.length / 4) * 3);
  for (let source = 0, target = 0; source < samples.length; source += 4, target += 3) {
    const alpha = samples[source + 3] ?? 0;
    if (alpha === 0) continue;
    for (let channel = 0; channel < 3; channel++) {
      pixels[target + channel] = Math.min(Math.round(((samples[source + channel] ?? 0) * 255) / alpha), 255);
    }
  }
  return pixels;
}

/** Spreads levels from 16 to 235 over 0 to 255, but not those of alpha, the fourth channel. */
export function spreadLimitedRange(samples: Uint8Array, channels: number): Uint8Array {
  const levels = Uint8ClampedArray.from({ length: 256 }, (_, level) => ((level - 16) * 255) / 219);
  return samples.map((level, index) => (channels === 4 && index % 4 === 3 ? level : (levels[level] ?? 0)));
}
