/** Cells along each side of a heatmap. */
const CELLS = 8;
/** Cells along each side of a window, the part of a picture that is covered at a time. */
const WINDOW_CELLS = 2;
/**
 * Positions of a window along each side, one cell apart. The first and last ones reach over the border, so that the same
 * number of windows covers each cell: with fewer, the cells at the edges would be as high as their neighbours.
 */
const POSITIONS = CELLS + WINDOW_CELLS - 1;
/** How many windows there are: runs of the model for one heatmap. */
export const WINDOWS = POSITIONS ** 2;

/**
 * Which parts of a picture decide an answer: 8 rows from top to bottom of 8 cells from left to right. Each cell has the
 * mean fall of the answer's probability over the windows that cover it; below 0 where the probability rose.
 */
export type Heatmap = readonly (readonly number[])[];

/**
 * A picture with one window filled with the picture's mean colour.
 *
 * @param pixels uint8 [size, size, 3]
 * @param window its number: rows from top to bottom, each from left to right
 * @param fill from {@link meanColour}
 */
export function coverWindow(pixels: Uint8Array, size: number, window: number, fill: Uint8Array): Uint8Array {
  const edge = (cell: number): number => Math.round((Math.min(CELLS, Math.max(0, cell)) * size) / CELLS);
  const [right, bottom] = [(window % POSITIONS) + 1, Math.floor(window / POSITIONS) + 1];
  const covered = Uint8Array.from(pixels);
  for (let y = edge(bottom - WINDOW_CELLS); y < edge(bottom); y++) {
    for (let x = edge(right - WINDOW_CELLS); x < edge(right); x++) covered.set(fill, (y * size + x) * 3);
  }
  return covered;
}

/** The mean colour of a picture. @param pixels uint8 [..., 3] @returns RGB */
export function meanColour(pixels: Uint8Array): Uint8Array {
  const sums = [0, 0, 0];
  for (let at = 0; at < pixels.length; at++) sums[at % 3] = (sums[at % 3] ?? 0) + (pixels[at] ?? 0);
  return Uint8Array.from(sums, (sum) => Math.round((sum * 3) / pixels.length));
}

/** The heatmap. @param falls of the answer's probability, for each window in the order of their numbers */
export function heatmapOf(falls: readonly number[]): Heatmap {
  const cells = Array.from({ length: CELLS }, (_, cell) => cell);
  const windows = Array.from({ length: WINDOW_CELLS }, (_, back) => back);
  return cells.map((row) =>
    cells.map((column) => {
      const own = windows.flatMap((y) => windows.map((x) => falls[(row + y) * POSITIONS + column + x] ?? 0));
      return own.reduce((sum, fall) => sum + fall, 0) / own.length;
    }),
  );
}

/** The centre of a heatmap's highest cell, as fractions of the picture's width and height. */
export function peakOf(heatmap: Heatmap): { readonly x: number; readonly y: number } {
  const values = heatmap.flat();
  const at = values.indexOf(Math.max(...values));
  return { x: ((at % CELLS) + 0.5) / CELLS, y: (Math.floor(at / CELLS) + 0.5) / CELLS };
}
