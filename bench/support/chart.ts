/** One line over a horizontal axis. */
export interface Panel {
  /** What the vertical axis shows, with its unit. It starts at 0. */
  readonly title: string;
  /** What the horizontal axis shows. */
  readonly axis: string;
  /** From left to right. `label` is shown below the axis in place of x. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly label?: string }[];
}

const WIDTH = 420;
const HEIGHT = 260;
/** Space for titles and labels around the lines. */
const MARGIN = { top: 40, right: 36, bottom: 48, left: 60 } as const;
const MOST_TICKS = 6;

/** It has a background, as what shows it may not follow the reader's colour scheme. Contrasts are above 4.5. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .ground { fill: #ffffff; }
  .grid { stroke: #d1d9e0; }
  .line { stroke: #0550ae; stroke-width: 2; fill: none; }
  .point { fill: #0550ae; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ground { fill: #0d1117; }
    .grid { stroke: #3d444d; }
    .line { stroke: #79c0ff; }
    .point { fill: #79c0ff; }
  }`;

/**
 * Draws panels side by side, for light and dark pages. Horizontal axes are logarithmic.
 *
 * @param description for readers who cannot see the picture
 * @returns an SVG document
 * @throws Error if a position is not above 0, or a value below it
 */
export function chart(description: string, panels: readonly Panel[]): string {
  const width = WIDTH * panels.length;
  const drawn = panels.map((panel, at) => `<g transform="translate(${at * WIDTH} 0)">\n${drawPanel(panel)}\n</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img">`,
    `<title>${escape(description)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="ground" width="${width}" height="${HEIGHT}"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

/** Multiples of 1, 2 or 5 times a power of ten from 0 to the first that is not below `most`. */
export function ticks(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most / (MOST_TICKS - 1)));
  const steps = [1, 2, 5, 10].map((factor) => factor * power);
  const step = steps.find((each) => most <= each * (MOST_TICKS - 1)) ?? most;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

function drawPanel({ title, axis, points }: Panel): string {
  if (points.some(({ x, y }) => !(x > 0 && y >= 0))) throw new Error(`"${title}" has a point that cannot be drawn.`);
  const marks = ticks(Math.max(Number.MIN_VALUE, ...points.map(({ y }) => y)));
  const top = marks.at(-1) ?? 1;
  const [left = 1, right = 1] = [Math.min, Math.max].map((pick) => Math.log(pick(...points.map(({ x }) => x))));
  const bottom = HEIGHT - MARGIN.bottom;
  const end = WIDTH - MARGIN.right;
  const across = (x: number): number =>
    round(MARGIN.left + (right > left ? (Math.log(x) - left) / (right - left) : 0.5) * (end - MARGIN.left));
  const down = (y: number): number => round(bottom - (y / top) * (bottom - MARGIN.top));
  const text = (x: number, y: number, words: string, anchor: string, kind = ''): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind}>${escape(words)}</text>`;
  const path = points.map(({ x, y }) => `${across(x)},${down(y)}`).join(' ');
  return [
    text(MARGIN.left, 24, title, 'start', ' class="title"'),
    ...marks.flatMap((mark) => [
      `<line class="grid" x1="${MARGIN.left}" y1="${down(mark)}" x2="${end}" y2="${down(mark)}"/>`,
      text(MARGIN.left - 8, down(mark) + 4, String(mark), 'end'),
    ]),
    ...points.map(({ x, label }) => text(across(x), bottom + 18, label ?? String(x), 'middle')),
    text(round((MARGIN.left + end) / 2), HEIGHT - 10, axis, 'middle'),
    `<polyline class="line" points="${path}"/>`,
    ...points.map(({ x, y }) => `<circle class="point" cx="${across(x)}" cy="${down(y)}" r="3.5"/>`),
  ].join('\n');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
