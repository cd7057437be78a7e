import { hash, seeded, type Random } from './random.ts';
import { SHAPES, signedDistance, type Shape } from './shapes.ts';

export const COLOURS = ['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink', 'brown'] as const;
export const SIZES = ['small', 'large'] as const;

export type Colour = (typeof COLOURS)[number];
export type Size = (typeof SIZES)[number];

/** One object of a scene. */
export interface Thing {
  readonly shape: Shape;
  readonly colour: Colour;
  readonly size: Size;
  /** Centre, as fractions of the picture's width and height. */
  readonly x: number;
  readonly y: number;
  /** Radius as a fraction of sqrt(width * height). */
  readonly radius: number;
  /** Rotation in radians. */
  readonly angle: number;
  /** Almost covered by another thing: its colour is visible, its shape and size are not. */
  readonly hidden: boolean;
  /** Index of the thing that covers this one, if it is hidden. */
  readonly under: number | undefined;
  /** Centre of its visible part, as fractions. */
  readonly seen: { readonly x: number; readonly y: number };
}

/** The content of a picture. Later things are painted over earlier ones. */
export interface Scene {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly things: readonly Thing[];
}

/**
 * Which scenes to draw: some combinations of colour, shape and ninth of the picture are held out. In `training` no
 * thing has one of them; in `held-out` every picture has at least one such thing.
 */
export type Split = 'training' | 'held-out';

/** Most things in a scene. */
export const MAX_THINGS = 7;
/** Minimum visible fraction of a thing that is not hidden. */
export const LEAST_VISIBLE = 0.8;
/** Visible fraction of a hidden thing. */
export const HIDDEN_VISIBLE = { least: 0.13, most: 0.28 } as const;

const ASPECTS = [1, 1, 4 / 3, 3 / 4, 3 / 2, 2 / 3, 16 / 9, 5 / 4] as const;
const RADII = { small: [0.066, 0.08], large: [0.12, 0.145] } as const;

/**
 * Whether training excludes this colour and shape in this ninth of the picture, as it does one combination in twelve.
 */
export function isHeldOut(thing: Pick<Thing, 'colour' | 'shape' | 'x' | 'y'>): boolean {
  const ninth = Math.floor(thing.x * 3) * 3 + Math.floor(thing.y * 3);
  return hash(COLOURS.indexOf(thing.colour), SHAPES.indexOf(thing.shape), ninth) % 12 === 0;
}

type Draft = { -readonly [K in keyof Thing]: Thing[K] };

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly unit: number;
}

function draft(random: Random, frame: Frame, size: Size, palette: readonly Colour[]): Draft {
  const [low, high] = RADII[size];
  const radius = random.range(low, high);
  const [mx, my] = [(radius * 1.1 * frame.unit) / frame.width, (radius * 1.1 * frame.unit) / frame.height];
  const [x, y] = [random.range(mx, 1 - mx), random.range(my, 1 - my)];
  return {
    shape: random.pick(SHAPES),
    colour: random.pick(palette),
    size,
    x,
    y,
    radius,
    angle: random.range(-0.22, 0.22),
    hidden: false,
    under: undefined,
    seen: { x, y },
  };
}

function gap(a: Thing, b: Thing, frame: Frame): number {
  const [dx, dy] = [(a.x - b.x) * frame.width, (a.y - b.y) * frame.height];
  return Math.hypot(dx, dy) / frame.unit / (a.radius + b.radius);
}

/** Whether the point (in pixels) is on the thing. */
function covers(thing: Thing, x: number, y: number, frame: Frame): boolean {
  const [dx, dy] = [x - thing.x * frame.width, y - thing.y * frame.height];
  const r = thing.radius * frame.unit;
  const [cosine, sine] = [Math.cos(thing.angle), Math.sin(thing.angle)];
  return signedDistance(thing.shape, (dx * cosine + dy * sine) / r, (dy * cosine - dx * sine) / r) < 0;
}

/** The fraction of a thing that later things leave visible, and the centre of that part as fractions. */
export function visiblePart(
  thing: Thing,
  above: readonly Thing[],
  frame: Frame,
): { part: number; x: number; y: number } {
  const [steps, r] = [24, thing.radius * frame.unit * 1.5];
  let [all, seen, sx, sy] = [0, 0, 0, 0];
  for (let i = 0; i < steps * steps; i++) {
    const x = thing.x * frame.width + (((i % steps) + 0.5) / steps - 0.5) * 2 * r;
    const y = thing.y * frame.height + ((Math.floor(i / steps) + 0.5) / steps - 0.5) * 2 * r;
    if (!covers(thing, x, y, frame)) continue;
    all++;
    if (above.some((other) => covers(other, x, y, frame))) continue;
    seen++;
    sx += x;
    sy += y;
  }
  const count = Math.max(seen, 1);
  return { part: seen / Math.max(all, 1), x: sx / count / frame.width, y: sy / count / frame.height };
}

function fits(thing: Draft, things: readonly Thing[], frame: Frame, split: Split): boolean {
  if (split === 'training' && isHeldOut(thing)) return false;
  return things.every((other) => {
    // Two touching things of the same colour would look like one.
    const least = other.colour === thing.colour ? 1.35 : 0.95;
    return gap(thing, other, frame) > least;
  });
}

function hide(random: Random, frame: Frame, things: readonly Draft[], split: Split): readonly Draft[] | undefined {
  const covers = things.filter((thing) => thing.size === 'large');
  if (covers.length === 0) return undefined;
  for (let attempt = 0; attempt < 30; attempt++) {
    const cover = random.pick(covers);
    const thing = draft(random, frame, 'small', COLOURS);
    thing.radius = random.range(0.075, 0.105);
    const angle = random.range(0, 2 * Math.PI);
    const distance = random.range(0.5, 1.2) * cover.radius * frame.unit;
    thing.x = cover.x + (Math.cos(angle) * distance) / frame.width;
    thing.y = cover.y + (Math.sin(angle) * distance) / frame.height;
    if (thing.x < 0.04 || thing.x > 0.96 || thing.y < 0.04 || thing.y > 0.96) continue;
    const others = things.filter((other) => other !== cover);
    if (thing.colour === cover.colour || !fits(thing, others, frame, split)) continue;
    const { part, x, y } = visiblePart(thing, [cover], frame);
    if (part < HIDDEN_VISIBLE.least || part > HIDDEN_VISIBLE.most) continue;
    if (x < 0.03 || x > 0.97 || y < 0.03 || y > 0.97) continue;
    thing.hidden = true;
    thing.under = things.indexOf(cover) + 1;
    thing.seen = { x, y };
    return [thing, ...things];
  }
  return undefined;
}

function attempt(random: Random, seed: number, split: Split): Scene | undefined {
  const aspect = random.pick(ASPECTS);
  const unit = random.range(130, 330);
  const frame = {
    width: Math.round(unit * Math.sqrt(aspect)),
    height: Math.round(unit / Math.sqrt(aspect)),
    unit,
  };
  const hiding = random.chance(0.3);
  const count = Math.max(1, random.pick([1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]) - (hiding ? 1 : 0));
  // With few colours and shapes in a picture, several things match one phrase.
  const palette = Array.from({ length: random.pick([2, 3, 4, 8]) }, () => random.pick(COLOURS));
  const kinds = Array.from({ length: random.pick([2, 3, 6]) }, () => random.pick(SHAPES));
  const things: Draft[] = [];
  for (let tries = 0; things.length < count && tries < 60; tries++) {
    const thing = draft(random, frame, random.pick(SIZES), palette);
    thing.shape = random.pick(kinds);
    if (fits(thing, things, frame, split)) things.push(thing);
  }
  if (things.length < count) return undefined;
  const whole = hiding ? hide(random, frame, things, split) : things;
  if (whole === undefined) return undefined;
  // Before what takes long: most attempts end here.
  if (split === 'held-out' && !whole.some(isHeldOut)) return undefined;
  const bounded = whole.every((thing, i) => {
    const { part } = visiblePart(thing, whole.slice(i + 1), frame);
    return part >= (thing.hidden ? HIDDEN_VISIBLE.least : LEAST_VISIBLE);
  });
  if (!bounded) return undefined;
  return { seed, width: frame.width, height: frame.height, things: whole };
}

/** The scene of a seed. Deterministic. */
export function sceneOf(seed: number, split: Split): Scene {
  const random = seeded(hash(seed, split === 'training' ? 1 : 2));
  for (;;) {
    const scene = attempt(random, seed, split);
    if (scene !== undefined) return scene;
  }
}
