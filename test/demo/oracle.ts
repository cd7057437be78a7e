import type { Claim, Meaning, Phrase } from '../../model/demo/world/claims.ts';
import { SHAPES, SIZES, type Scene } from '../../model/demo/world/scene.ts';

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
    for (const size of SIZES)
      worlds.push(items.map((item) => (item.id === hidden ? { ...item, shape, size } : item)));
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
      const fitting = named(world, claim.property).map((item) => item.id);
      const meant = named(world, claim.a);
      return meant.length === 0 ? [false] : meant.map((item) => fitting.includes(item.id));
    }
    case 'quantified': {
      const things = named(world, claim.a);
      const fitting = named(things, claim.property);
      if (claim.quantity === 'none') return [fitting.length === 0];
      const all = things.every((item) => fitting.includes(item));
      return [claim.quantity === 'notAll' ? !all : all];
    }
    case 'relation': {
      const [as, bs] = [named(world, claim.a), named(world, claim.b)];
      const chosenA = claim.aDefinite ? as.map((item) => [item]) : [as];
      const chosenB = claim.bDefinite ? bs.map((item) => [item]) : [bs];
      const truths = chosenB.flatMap((second) =>
        chosenA.map((first) =>
          first.some((a) => second.some((b) => a.id !== b.id && isOnSide(a, claim.relation, b))),
        ),
      );
      return as.length === 0 || bs.length === 0 ? [false] : truths;
    }
    case 'between': {
      const truths: boolean[] = [];
      for (const a of named(world, claim.a)) {
        for (const b of named(world, claim.b)) {
          for (const c of named(world, claim.c)) {
            truths.push(new Set([a.id, b.id, c.id]).size === 3 && isBetween(a, b, c));
          }
        }
      }
      return truths.length === 0 ? [false] : truths;
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
