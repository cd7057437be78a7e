import sharp from 'sharp';
import { peakOf, type Heatmap } from '../service/inference/occlusion.ts';

/** Least side of the picture in pixels. */
const LEAST_SIDE = 480;
/** Opacity of the shade over parts that decide nothing. */
const SHADE = 0.75;

/**
 * Draws a heatmap: the model's picture, darkened but for the parts that decide the answer.
 *
 * @param pixels uint8 [size, size, 3]
 * @returns a PNG file
 */
export async function drawHeatmap(pixels: Uint8Array, size: number, heatmap: Heatmap): Promise<Buffer> {
  const side = size * Math.ceil(LEAST_SIDE / size);
  const most = Math.max(...heatmap.flat());
  const shares = heatmap.flat().map((fall) => (most > 0 ? Math.max(0, fall) / most : 0));
  const black = Buffer.from(shares.flatMap((share) => [0, 0, 0, Math.round(255 * SHADE * (1 - share))]));
  const shade = await sharp(black, { raw: { width: heatmap.length, height: heatmap.length, channels: 4 } })
    .resize(side, side, { kernel: 'linear' })
    .png()
    .toBuffer();
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .resize(side, side, { kernel: 'nearest' })
    .composite([{ input: shade }])
    .png()
    .toBuffer();
}

/** The heatmap's highest value and where it is, for a person. */
export function describePeak(heatmap: Heatmap): string {
  const { x, y } = peakOf(heatmap);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const fall = Math.max(...heatmap.flat()).toFixed(3);
  return `at ${percent(x)} from the left and ${percent(y)} from the top, where covering lowers the probability by ${fall}`;
}
