import type { Claim, Meaning, Phrase, Zone } from '../../../demo/world/claims.ts';
import { SIZES, type Scene } from '../../../demo/world/scene.ts';
import { SHAPES } from '../../../demo/world/shapes.ts';

/** A second opinion on what sentences mean, worked out another way: by listing every reading and its truth. */

interface Item {
  readonly id: number;
  readonly colour: string;
  readonly shape: string;
  readonly size: string;
  readonly x: number;
  readonly y: number;
  readonly coveredBy: number | undefined;
}

/** All the worlds that the picture may show: one, or one for each look of the hidden thing. */
function worldsOf(scene: Scene): Item[][] {
  const items = scene.things.map((thing, id): Item => ({
    id,
    colour: thing.colour,
    shape: thing.shape,
    size: thing.size,
    x: thing.seen.x,
    y: thing.seen.y,
    coveredBy: thing.hidden ? thing.under : undefined,
  }));
  const hidden = items.findIndex((item) => item.coveredBy !== undefined);
  if (hidden === -1) return [items];
  const worlds: Item[][] = [];
  for (const shape of SHAPES) {
    for (const size of SIZES) worlds.push(items.map((item) => (item.id === hidden ? { ...item, shape, size } : item)));
  }
  return worlds;
}

function named(world: readonly Item[], phrase: Phrase): Item[] {
  return world.filter((item) => {
    const wants = [
      [phrase.colour, item.colour],
      [phrase.shape, item.shape],
      [phrase.size, item.size],
    ];
    if (wants.some(([wanted, is]) => wanted !== undefined && wanted !== is)) return false;
    if (!phrase.hidden) return true;
    if (item.coveredBy === undefined) return false;
    return !phrase.behind || named(world, phrase.behind).some((cover) => cover.id === item.coveredBy);
  });
}

function isOnSide(a: Item, relation: string, b: Item): boolean {
  switch (relation) {
    case 'left':
      return a.x < b.x;
    case 'right':
      return a.x > b.x;
    case 'above':
      return a.y < b.y;
    default:
      return a.y > b.y;
  }
}

/** Distance of a from the segment's line, and its place along it (0 at b, 1 at c), by rotating b to the origin. */
function isBetween(a: Item, b: Item, c: Item): boolean {
  const turn = -Math.atan2(c.y - b.y, c.x - b.x);
  const [x, y] = [a.x - b.x, a.y - b.y];
  const along = x * Math.cos(turn) - y * Math.sin(turn);
  const aside = x * Math.sin(turn) + y * Math.cos(turn);
  const length = Math.hypot(c.x - b.x, c.y - b.y);
  return along > 0.1 * length && along < 0.9 * length && Math.abs(aside) < 0.21;
}

function isInZone({ x, y }: Item, zone: Zone): boolean {
  const near = (value: number, edge: number): boolean => Math.abs(value - edge) < 0.42;
  switch (zone) {
    case 'left':
      return near(x, 0);
    case 'right':
      return near(x, 1);
    case 'top':
      return near(y, 0);
    case 'bottom':
      return near(y, 1);
    case 'middle':
      return Math.abs(x - 0.5) < 0.2 && Math.abs(y - 0.5) < 0.2;
  }
}

/** Things with the claimed property, or with the one that may be instead. */
function having(things: readonly Item[], { property, other }: { property: Phrase; other?: Phrase }): Item[] {
  const fitting = [...named(things, property), ...(other === undefined ? [] : named(things, other))];
  return things.filter((item) => fitting.includes(item));
}

/** The truth of every reading of a claim: one for each choice of what "the ..." may mean. */
function readings(world: readonly Item[], claim: Claim): boolean[] {
  switch (claim.type) {
    case 'exists':
      return [named(world, claim.a).length > 0];
    case 'count': {
      const count = named(world, claim.a).length;
      return [{ exactly: count === claim.n, atLeast: count >= claim.n, atMost: count <= claim.n }[claim.op]];
    }
    case 'compare': {
      const [a, b] = [named(world, claim.a).length, named(world, claim.b).length];
      return [{ more: a > b, fewer: a < b, equal: a === b }[claim.op]];
    }
    case 'attribute': {
      const fitting = having(world, claim).map((item) => item.id);
      const meant = named(world, claim.a);
      return meant.length === 0 ? [false] : meant.map((item) => fitting.includes(item.id));
    }
    case 'zone': {
      const things = named(world, claim.a);
      const truths = things.map((item) => isInZone(item, claim.zone));
      if (things.length === 0) return [false];
      return claim.definite ? truths : [truths.includes(true)];
    }
    case 'sizes': {
      const [as, bs] = [named(world, claim.a), named(world, claim.b)];
      if (as.length === 0 || bs.length === 0) return [false];
      const rank = ({ size }: Item): number => ['small', 'large'].indexOf(size);
      return as.flatMap((a) =>
        bs
          .filter((b) => b.id !== a.id)
          .map((b) => {
            const difference = rank(a) - rank(b);
            return { larger: difference > 0, smaller: difference < 0, same: difference === 0 }[claim.op];
          }),
      );
    }
    case 'alike': {
      const [as, bs] = [named(world, claim.a), named(world, claim.b)];
      if (as.length === 0 || bs.length === 0) return [false];
      return as.flatMap((a) => bs.filter((b) => b.id !== a.id).map((b) => a[claim.by] === b[claim.by]));
    }
    case 'quantified': {
      const things = named(world, claim.a);
      if (claim.except !== undefined) {
        // What is left out is left out because it differs.
        const out = named(things, claim.except);
        const same = having(things, claim);
        return [things.every((item) => out.includes(item) !== same.includes(item))];
      }
      const fitting = having(things, claim);
      if (claim.quantity === 'none') return [fitting.length === 0];
      if (claim.quantity === 'allButOne') return [fitting.length + 1 === things.length];
      if (claim.quantity === 'some but not all') {
        return [fitting.length > 0 && fitting.length < things.length];
      }
      const all = things.every((item) => fitting.includes(item));
      return [claim.quantity === 'notAll' ? !all : all];
    }
    case 'relation': {
      const [as, bs] = [named(world, claim.a), named(world, claim.b)];
      const chosenA = claim.aDefinite ? as.map((item) => [item]) : [as];
      const chosenB = claim.bDefinite ? bs.map((item) => [item]) : [bs];
      const truths = chosenB.flatMap((second) =>
        chosenA
          // Nothing is meant to stand beside itself.
          .filter((first) => first.some((a) => second.some((b) => a.id !== b.id)))
          .map((first) => first.some((a) => second.some((b) => a.id !== b.id && isOnSide(a, claim.relation, b)))),
      );
      return as.length === 0 || bs.length === 0 ? [false] : truths;
    }
    case 'between': {
      const sets = [claim.a, claim.b, claim.c].map((phrase) => named(world, phrase));
      if (sets.some((set) => set.length === 0)) return [false];
      const truths: boolean[] = [];
      for (const a of named(world, claim.a)) {
        for (const b of named(world, claim.b)) {
          for (const c of named(world, claim.c)) {
            if (new Set([a.id, b.id, c.id]).size === 3) truths.push(isBetween(a, b, c));
          }
        }
      }
      return truths;
    }
    case 'not':
      return readings(world, claim.claim).map((truth) => !truth);
    case 'and':
    case 'or':
    case 'neither':
      return readings(world, claim.left).flatMap((left) =>
        readings(world, claim.right).map(
          (right) => ({ and: left && right, or: left || right, neither: !left && !right })[claim.type],
        ),
      );
    case 'unknowable':
    case 'untold':
      return named(world, claim.a).length > 0 ? [true, false] : [false];
    case 'elsewhere':
      return [true, false];
  }
}

/** The answer that the readings of all worlds agree on. */
export function secondOpinion(scene: Scene, { premise, claim }: Meaning): 'yes' | 'no' | 'maybe' {
  let worlds = worldsOf(scene);
  if (premise?.type === 'reveals') {
    worlds = worlds.filter((world) =>
      world.some((item) => item.coveredBy !== undefined && item.shape === premise.property.shape),
    );
  }
  const denied = claim.type === 'not';
  const inner = denied ? claim.claim : claim;
  if (premise?.type === 'topic' && inner.type === 'unknowable' && inner.topic === premise.topic) {
    return (inner.value === premise.value) === denied ? 'no' : 'yes';
  }
  const truths = new Set(worlds.flatMap((world) => readings(world, claim)));
  if (truths.size === 2) return 'maybe';
  return truths.has(true) ? 'yes' : 'no';
}
