export const SHAPES = ['circle', 'square', 'triangle', 'star', 'cross', 'heart'] as const;
export type Shape = (typeof SHAPES)[number];

/** A point or an offset, in pixels or in units of a thing's radius. */
interface Point {
  readonly x: number;
  readonly y: number;
}

const TAU = 2 * Math.PI;

function ring(corners: number, radius: (corner: number) => number): Point[] {
  return Array.from({ length: corners }, (_, corner) => {
    const angle = (corner / corners) * TAU - TAU / 4;
    return { x: Math.cos(angle) * radius(corner), y: Math.sin(angle) * radius(corner) };
  });
}

function heart(): Point[] {
  // The usual parametric heart, 16 sin^3 t, scaled to about the area of the unit circle.
  return Array.from({ length: 28 }, (_, step) => {
    const t = (step / 28) * TAU;
    const x = 16 * Math.sin(t) ** 3;
    const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
    return { x: x / 13.5, y: -(y + 2) / 13.5 };
  });
}

function cross(): Point[] {
  const [reach, arm] = [1.2, 0.4];
  const quarter = [
    { x: arm, y: -reach },
    { x: arm, y: -arm },
    { x: reach, y: -arm },
  ];
  return [0, 1, 2, 3].flatMap((turn) =>
    quarter.map(({ x, y }) => {
      const [cosine, sine] = [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ][turn] as [number, number];
      return { x: x * cosine - y * sine, y: x * sine + y * cosine };
    }),
  );
}

/** Corners of each shape relative to its centre, in units of a thing's radius. A circle has none. */
const OUTLINES: Readonly<Record<Shape, readonly Point[]>> = {
  circle: [],
  square: [
    { x: -0.9, y: -0.9 },
    { x: 0.9, y: -0.9 },
    { x: 0.9, y: 0.9 },
    { x: -0.9, y: 0.9 },
  ],
  triangle: ring(3, () => 1.32).map(({ x, y }) => ({ x, y: y + 0.15 })),
  star: ring(10, (corner) => (corner % 2 === 0 ? 1.42 : 0.6)),
  cross: cross(),
  heart: heart(),
};

/**
 * Signed distance of a point from a shape of radius 1 at the origin, negative inside. Polygons: the distance
 * to the nearest edge, signed by the crossing number.
 */
export function signedDistance(shape: Shape, x: number, y: number): number {
  const corners = OUTLINES[shape];
  let nearest = Infinity;
  let inside = false;
  let last = corners[corners.length - 1];
  if (last === undefined) return Math.hypot(x, y) - 1;
  for (const corner of corners) {
    const [ex, ey] = [last.x - corner.x, last.y - corner.y];
    const [wx, wy] = [x - corner.x, y - corner.y];
    const along = Math.min(1, Math.max(0, (wx * ex + wy * ey) / (ex * ex + ey * ey)));
    const [dx, dy] = [wx - ex * along, wy - ey * along];
    nearest = Math.min(nearest, dx * dx + dy * dy);
    if (corner.y > y !== last.y > y && x < (ex * (y - corner.y)) / ey + corner.x) inside = !inside;
    last = corner;
  }
  return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
}
