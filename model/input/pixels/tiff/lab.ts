/** Nodes along each side of the table. */
const NODES = 33;
const MAX = 0xffff;
/** Where the last node is, as a fraction of 16 bits. */
const END = (NODES - 1) * 65_536;
/** The white of ICC's profile connection space. */
const WHITE = [0.9642, 1, 0.8249] as const;
/** The largest XYZ that the profile connection space encodes. */
const XYZ_MAX = 1 + 32_767 / 32_768;
/** From XYZ to linear sRGB, the inverse of the colorants of the sRGB profile that Little CMS makes. */
const TO_RGB = [
  [3.13418636423682, -1.6172089589982754, -0.49069406400638405],
  [-0.9787485041906937, 1.9161300967735857, 0.03343339915999551],
  [0.07196392780224675, -0.22899387345320316, 1.4057537328964438],
] as const;

let table: Uint16Array | undefined;

/**
 * Converts a pixel of CIE L*a*b* to sRGB to the bit as Pillow does with Little CMS: by a table of 16 bits, and
 * tetrahedral interpolation in it.
 *
 * @param lightness 0 to 255
 * @param a 0 to 255, where 128 is neutral
 * @param b 0 to 255, where 128 is neutral
 */
export function labToRgb(lightness: number, a: number, b: number, target: Uint8Array, at: number): void {
  table ??= makeTable();
  const x = place(lightness);
  const y = place(a);
  const z = place(b);
  const nodes = table;
  const start = 3 * ((Math.floor(x / 65_536) * NODES + Math.floor(y / 65_536)) * NODES + Math.floor(z / 65_536));
  // Steps to the next node, none at the last one, and how far the colour is on its way there. The farthest goes first.
  let step1 = x < END ? 3 * NODES * NODES : 0;
  let rest1 = x % 65_536;
  let step2 = y < END ? 3 * NODES : 0;
  let rest2 = y % 65_536;
  let step3 = z < END ? 3 : 0;
  let rest3 = z % 65_536;
  if (rest1 < rest2) [step1, rest1, step2, rest2] = [step2, rest2, step1, rest1];
  if (rest2 < rest3) [step2, rest2, step3, rest3] = [step3, rest3, step2, rest2];
  if (rest1 < rest2) [step1, rest1, step2, rest2] = [step2, rest2, step1, rest1];
  for (let channel = 0; channel < 3; channel++) {
    let node = start + channel;
    const value0 = nodes[node] ?? 0;
    const value1 = nodes[(node += step1)] ?? 0;
    const value2 = nodes[(node += step2)] ?? 0;
    const value3 = nodes[(node += step3)] ?? 0;
    const sum = (value1 - value0) * rest1 + (value2 - value1) * rest2 + (value3 - value2) * rest3 + 0x8001;
    const wide = value0 + Math.floor((sum + Math.floor(sum / 65_536)) / 65_536);
    // From 16 to 8 bits, rounded as Little CMS does.
    target[at + channel] = Math.floor((wide * 65_281 + 8_388_608) / 2 ** 24);
  }
}

/** Where a sample is among the nodes, as a fraction of 16 bits. */
function place(sample: number): number {
  const scaled = sample * 257 * (NODES - 1);
  return scaled + Math.floor((scaled + 0x7fff) / MAX);
}

function makeTable(): Uint16Array {
  const nodes = new Uint16Array(NODES ** 3 * 3);
  const single = Math.fround;
  // Little CMS rounds to single precision between its stages.
  const coordinate = (index: number): number => single(Math.floor((index * MAX) / (NODES - 1) + 0.5) / MAX);
  let at = 0;
  for (let l = 0; l < NODES; l++) {
    for (let a = 0; a < NODES; a++) {
      for (let b = 0; b < NODES; b++) {
        const y = (coordinate(l) * 100 + 16) / 116;
        const x = y + 0.002 * (coordinate(a) * 255 - 128);
        const z = y - 0.005 * (coordinate(b) * 255 - 128);
        const xyz = [x, y, z].map((value, index) => single((cube(value) * (WHITE[index] ?? 1)) / XYZ_MAX));
        for (const row of TO_RGB) {
          const linear = single(row.reduce((sum, factor, index) => sum + factor * XYZ_MAX * (xyz[index] ?? 0), 0));
          nodes[at++] = Math.floor(Math.min(Math.max(single(encode(linear)) * MAX, 0), MAX) + 0.5);
        }
      }
    }
  }
  return nodes;
}

/** The inverse of the function f of CIE L*a*b*. */
function cube(value: number): number {
  return value <= 24 / 116 ? (108 / 841) * (value - 16 / 116) : value ** 3;
}

/** The curve of sRGB. */
function encode(linear: number): number {
  const edge = (0.04045 / 1.055 + 0.055 / 1.055) ** 2.4;
  return linear >= edge ? (linear ** (1 / 2.4) - 0.055 / 1.055) * 1.055 : linear * 12.92;
}
