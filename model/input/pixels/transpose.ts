/** An orientation of TIFF 6.0 and EXIF: where the first row and column of the stored pixels belong. 1 is upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** An 8-bit RGB image, rows from top to bottom. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Pixels along a side of the blocks in which an image is turned, so that both images' rows stay in the cache. */
const BLOCK = 64;

/** Turns and mirrors an image so that it is upright. */
export function transpose(image: RgbImage, orientation: Orientation): RgbImage {
  if (orientation === 1) return image;
  const { pixels, width, height } = image;
  const swapsSides = orientation >= 5;
  // Whether the stored columns run from right to left, and the stored rows from bottom to top.
  const mirrorsX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorsY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  const target = new Uint8Array(pixels.length);
  // Bytes between the places, in the result, of neighbours in a stored row and in a stored column.
  const stepX = 3 * (swapsSides ? height : 1) * (mirrorsX ? -1 : 1);
  const stepY = 3 * (swapsSides ? 1 : width) * (mirrorsY ? -1 : 1);
  const start = (mirrorsX ? -stepX * (width - 1) : 0) + (mirrorsY ? -stepY * (height - 1) : 0);
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      const right = Math.min(left + BLOCK, width);
      const bottom = Math.min(top + BLOCK, height);
      for (let y = top; y < bottom; y++) {
        let from = 3 * (y * width + left);
        let to = start + y * stepY + left * stepX;
        for (let x = left; x < right; x++, from += 3, to += stepX) {
          target[to] = pixels[from] ?? 0;
          target[to + 1] = pixels[from + 1] ?? 0;
          target[to + 2] = pixels[from + 2] ?? 0;
        }
      }
    }
  }
  return swapsSides ? { pixels: target, width: height, height: width } : { pixels: target, width, height };
}
