import type { Answer, Claim, Meaning, Phrase, Premise, Relation } from './claims.ts';
import { SHAPES, SIZES, type Scene, type Shape, type Size } from './scene.ts';

/** A thing as it would be if nothing were hidden. */
export interface Whole {
  readonly index: number;
  readonly colour: string;
  readonly shape: Shape;
  readonly size: Size;
  readonly x: number;
  readonly y: number;
  readonly hidden: boolean;
  readonly cover: Whole | undefined;
}

/** Things nearer to each other than this along an axis (a fraction of the side) are neither left nor right. */
export const LEAST_DISTANCE = 0.1;

/** Answer of one claim in one world; undefined where the world is too close to call. */
type Verdict = Answer | undefined;

const known = new WeakMap<Scene, readonly (readonly Whole[])[]>();

/** Every way in which the scene's hidden thing can be completed. */
export function completions(scene: Scene): readonly (readonly Whole[])[] {
  let worlds = known.get(scene);
  if (worlds === undefined) known.set(scene, (worlds = complete(scene)));
  return worlds;
}

function complete(scene: Scene): readonly (readonly Whole[])[] {
  const world = (shape?: Shape, size?: Size): readonly Whole[] => {
    const wholes: Whole[] = [];
    // From the top down, so that a cover is there before what it covers.
    for (let index = scene.things.length - 1; index >= 0; index--) {
      const thing = scene.things[index];
      if (thing === undefined) continue;
      wholes.unshift({
        index,
        colour: thing.colour,
        shape: thing.hidden && shape ? shape : thing.shape,
        size: thing.hidden && size ? size : thing.size,
        x: thing.seen.x,
        y: thing.seen.y,
        hidden: thing.hidden,
        cover: thing.under === undefined ? undefined : wholes[thing.under - index - 1],
      });
    }
    return wholes;
  };
  if (!scene.things.some((thing) => thing.hidden)) return [world()];
  return SHAPES.flatMap((shape) => SIZES.map((size) => world(shape, size)));
}

/** Whether the phrase is true of the thing. */
export function fitsPhrase(thing: Whole, phrase: Phrase): boolean {
  if (phrase.colour !== undefined && thing.colour !== phrase.colour) return false;
  if (phrase.shape !== undefined && thing.shape !== phrase.shape) return false;
  if (phrase.size !== undefined && thing.size !== phrase.size) return false;
  if (phrase.hidden === undefined) return true;
  if (!thing.hidden) return false;
  return phrase.behind === undefined || (thing.cover !== undefined && fitsPhrase(thing.cover, phrase.behind));
}

const matches = (world: readonly Whole[], phrase: Phrase): readonly Whole[] =>
  world.filter((thing) => fitsPhrase(thing, phrase));

/** One reference, several things: true of all, false of all, or else it cannot be told which was meant. */
function agreed(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(undefined)) return undefined;
  if (verdicts.every((verdict) => verdict === 'yes')) return 'yes';
  return verdicts.every((verdict) => verdict === 'no') ? 'no' : 'maybe';
}

const truth = (value: boolean): Answer => (value ? 'yes' : 'no');

const opposite = (verdict: Verdict): Verdict =>
  verdict === 'yes' ? 'no' : verdict === 'no' ? 'yes' : verdict;

function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(undefined)) return undefined;
  if (verdicts.includes('no')) return 'no';
  return verdicts.includes('maybe') ? 'maybe' : 'yes';
}

const any = (verdicts: readonly Verdict[]): Verdict => opposite(all(verdicts.map(opposite)));

/** Whether a is in that direction of b: by its centre alone, undefined where they are level. */
export function stands(a: Whole, relation: Relation, b: Whole): Verdict {
  if (a.index === b.index) return 'no';
  const sideways = relation === 'left' || relation === 'right';
  const distance = sideways ? b.x - a.x : b.y - a.y;
  if (Math.abs(distance) < LEAST_DISTANCE) return undefined;
  return truth(relation === 'left' || relation === 'above' ? distance > 0 : distance < 0);
}

/** Whether a lies near the line from b to c and between their centres; undefined for in-between cases. */
function liesBetween(a: Whole, b: Whole, c: Whole): Verdict {
  if (a.index === b.index || a.index === c.index || b.index === c.index) return 'no';
  const [dx, dy] = [c.x - b.x, c.y - b.y];
  const length = Math.hypot(dx, dy);
  if (length < 0.2) return undefined;
  const along = ((a.x - b.x) * dx + (a.y - b.y) * dy) / length ** 2;
  const aside = Math.abs((a.x - b.x) * dy - (a.y - b.y) * dx) / length;
  if (along > 0.15 && along < 0.85 && aside < 0.16) return 'yes';
  return along < -0.05 || along > 1.05 || aside > 0.26 ? 'no' : undefined;
}

type Of<T extends Claim['type']> = Extract<Claim, { type: T }>;

function judgeRelation(world: readonly Whole[], claim: Of<'relation'>): Verdict {
  const [first, second] = [matches(world, claim.a), matches(world, claim.b)];
  if (first.length === 0 || second.length === 0) return 'no';
  const [overFirst, overSecond] = [claim.aDefinite ? agreed : any, claim.bDefinite ? agreed : any];
  return overSecond(second.map((b) => overFirst(first.map((a) => stands(a, claim.relation, b)))));
}

function judgeBetween(world: readonly Whole[], claim: Of<'between'>): Verdict {
  const sets = [claim.a, claim.b, claim.c].map((phrase) => matches(world, phrase));
  const [first = [], second = [], third = []] = sets;
  if (sets.some((set) => set.length === 0)) return 'no';
  return agreed(first.flatMap((a) => second.flatMap((b) => third.map((c) => liesBetween(a, b, c)))));
}

function judgeQuantified(world: readonly Whole[], claim: Of<'quantified'>): Verdict {
  const things = matches(world, claim.a);
  const fitting = matches(things, claim.property).length;
  // "Every star is red" where there is no star: logicians and others disagree.
  if (things.length === 0 || (claim.quantity === 'both' && things.length !== 2)) return undefined;
  if (claim.quantity === 'none') return truth(fitting === 0);
  return truth((fitting === things.length) === (claim.quantity !== 'notAll'));
}

function judgeCount(world: readonly Whole[], { a, op, n }: Of<'count'>): Verdict {
  const count = matches(world, a).length;
  if (op === 'exactly') return truth(count === n);
  return truth(op === 'atLeast' ? count >= n : count <= n);
}

function judgeCompare(world: readonly Whole[], { a, b, op }: Of<'compare'>): Verdict {
  const difference = matches(world, a).length - matches(world, b).length;
  if (op === 'equal') return truth(difference === 0);
  return truth(op === 'more' ? difference > 0 : difference < 0);
}

/** The claim's answer in one complete world. */
export function judge(world: readonly Whole[], claim: Claim): Verdict {
  switch (claim.type) {
    case 'exists':
      return truth(matches(world, claim.a).length > 0);
    case 'count':
      return judgeCount(world, claim);
    case 'attribute': {
      const things = matches(world, claim.a);
      if (things.length === 0) return 'no';
      return agreed(things.map((thing) => truth(fitsPhrase(thing, claim.property))));
    }
    case 'relation':
      return judgeRelation(world, claim);
    case 'between':
      return judgeBetween(world, claim);
    case 'compare':
      return judgeCompare(world, claim);
    case 'quantified':
      return judgeQuantified(world, claim);
    case 'not':
      return opposite(judge(world, claim.claim));
    case 'and':
      return all([judge(world, claim.left), judge(world, claim.right)]);
    case 'or':
      return any([judge(world, claim.left), judge(world, claim.right)]);
    case 'neither':
      return opposite(any([judge(world, claim.left), judge(world, claim.right)]));
    case 'unknowable':
    case 'elsewhere':
      return 'maybe';
  }
}

function settled(premise: Premise, claim: Claim): Answer | undefined {
  if (premise.type !== 'topic') return undefined;
  const inner = claim.type === 'not' ? claim.claim : claim;
  if (inner.type !== 'unknowable' || inner.topic !== premise.topic) return undefined;
  if (JSON.stringify(inner.a) !== JSON.stringify(premise.a)) return undefined;
  return truth((inner.value === premise.value) === (claim.type !== 'not'));
}

function isOffPicture(claim: Claim): boolean {
  const inner = claim.type === 'not' ? claim.claim : claim;
  return inner.type === 'unknowable' || inner.type === 'elsewhere';
}

/**
 * The answer that the picture (with the premise, if any) decides: the one that holds however a hidden thing may
 * look; maybe where that makes a difference. Undefined where the scene is too close to call or the sentence has no
 * agreed meaning for it: such pairs are never used.
 */
export function answerOf(scene: Scene, { premise, claim }: Meaning): Answer | undefined {
  let worlds = completions(scene);
  if (premise?.type === 'reveals') {
    worlds = worlds.filter((world) =>
      world.some((thing) => thing.hidden && fitsPhrase(thing, premise.property)),
    );
    if (worlds.length < 2) return undefined;
  }
  if (premise?.type === 'topic' && matches(worlds[0] ?? [], premise.a).length !== 1) return undefined;
  // An aside must be given by the picture or touch nothing in it: else it would say more than the picture does.
  if (premise?.type === 'aside' && !isOffPicture(premise.claim)) {
    if (answerOf(scene, { claim: premise.claim }) !== 'yes') return undefined;
  }
  const given = premise === undefined ? undefined : settled(premise, claim);
  if (given !== undefined) return given;
  const verdicts = worlds.map((world) => judge(world, claim));
  if (verdicts.includes(undefined)) return undefined;
  return verdicts.every((verdict) => verdict === verdicts[0]) ? verdicts[0] : 'maybe';
}
