import sharp from 'sharp';
import { hash, seeded, type Random } from './random.ts';
import type { Colour, Scene, Thing } from './scene.ts';
import { signedDistance } from './shapes.ts';

type Rgb = readonly [number, number, number];

const PAINT: Readonly<Record<Colour, Rgb>> = {
  red: [214, 32, 36],
  orange: [247, 140, 22],
  yellow: [243, 222, 40],
  green: [40, 158, 62],
  blue: [34, 86, 214],
  purple: [126, 44, 170],
  pink: [247, 148, 190],
  brown: [122, 74, 36],
};

/** The pixels of a scene, RGB row by row, and the camera effects to apply. */
interface Painting {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Standard deviation of the blur in pixels. 0: none. */
  readonly blur: number;
  readonly format: 'jpeg' | 'png' | 'webp';
  readonly quality: number;
}

type Backdrop = (x: number, y: number) => number;

/** Brightness of the background at a point, given as fractions of the sides. */
function backdrop(random: Random): Backdrop {
  const base = random.chance(0.7) ? random.range(195, 250) : random.range(12, 48);
  const depth = random.range(4, 18) * (base > 128 ? -1 : 1);
  const [angle, pitch] = [random.range(0, Math.PI), random.range(12, 45)];
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const kinds: readonly Backdrop[] = [
    () => base,
    (x, y) => base + depth * (x * cosine + y * sine),
    (x, y) => base + depth * Math.hypot(x - 0.5, y - 0.5),
    (x, y) => base + (depth / 2) * Math.sign(Math.sin((x * cosine + y * sine) * pitch)),
    (x, y) => base + ((Math.floor(x * pitch * 0.3) + Math.floor(y * pitch * 0.3)) % 2) * depth * 0.7,
  ];
  return random.pick(kinds);
}

function paintThing(rgb: Float32Array, scene: Scene, thing: Thing, random: Random): void {
  const { width, height } = scene;
  const r = thing.radius * Math.sqrt(width * height);
  const [cx, cy] = [thing.x * width, thing.y * height];
  const light = random.range(-10, 10);
  const paint = PAINT[thing.colour].map((value) => value + light + random.range(-9, 9)) as [number, number, number];
  const shade = random.range(0, 14) / r;
  const [cosine, sine] = [Math.cos(thing.angle), Math.sin(thing.angle)];
  const reach = Math.ceil(r * 1.55);
  const [left, right] = [Math.max(0, Math.floor(cx - reach)), Math.min(width - 1, Math.ceil(cx + reach))];
  const [top, bottom] = [Math.max(0, Math.floor(cy - reach)), Math.min(height - 1, Math.ceil(cy + reach))];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy];
      const u = (dx * cosine + dy * sine) / r;
      const v = (dy * cosine - dx * sine) / r;
      // At a straight edge, the signed distance in pixels is the coverage of the pixel.
      const cover = Math.min(1, Math.max(0, 0.5 - signedDistance(thing.shape, u, v) * r));
      if (cover === 0) continue;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const value = (paint[channel] ?? 0) - dy * shade;
        rgb[at + channel] = (rgb[at + channel] ?? 0) * (1 - cover) + value * cover;
      }
    }
  }
}

/** Paints a scene with the background, light and grain of its seed. */
function paint(scene: Scene): Painting {
  const { width, height } = scene;
  const random = seeded(hash(scene.seed, 77));
  const ground = backdrop(random);
  const tint = [random.range(-9, 9), random.range(-9, 9), random.range(-9, 9)] as const;
  const rgb = new Float32Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = ground((x + 0.5) / width, (y + 0.5) / height);
      for (let channel = 0; channel < 3; channel++) rgb[at++] = value + (tint[channel] ?? 0);
    }
  }
  for (const thing of scene.things) paintThing(rgb, scene, thing, random);
  const grain = random.chance(0.5) ? random.range(1, 9) : 0;
  const bytes = new Uint8Array(rgb.length);
  for (let at = 0; at < rgb.length; at++) {
    // The sum of three uniform numbers is close enough to a normal one, and four times faster.
    const noise = grain === 0 ? 0 : (random.next() + random.next() + random.next() - 1.5) * 2 * grain;
    bytes[at] = Math.min(255, Math.max(0, Math.round((rgb[at] ?? 0) + noise)));
  }
  const scale = Math.sqrt(width * height) / 112;
  return {
    rgb: bytes,
    width,
    height,
    blur: random.chance(0.3) ? random.range(0.3, 0.75) * scale : 0,
    format: random.pick(['jpeg', 'jpeg', 'jpeg', 'png', 'webp'] as const),
    quality: Math.round(random.range(45, 96)),
  };
}

/** The encoded picture file of a scene, as a client would upload it. */
export async function pictureOf(scene: Scene): Promise<Uint8Array> {
  const painting = paint(scene);
  const { width, height, quality } = painting;
  let image = sharp(painting.rgb, { raw: { width, height, channels: 3 } });
  if (painting.blur > 0) image = image.blur(Math.max(0.3, painting.blur));
  if (painting.format === 'jpeg') image = image.jpeg({ quality });
  else if (painting.format === 'webp') image = image.webp({ quality, effort: 0 });
  else image = image.png({ compressionLevel: 1 });
  return await image.toBuffer();
}
