import type { Answer } from '../answers.ts';
import type { Claim, Meaning, Phrase, Premise, Relation, Zone } from './claims.ts';
import type { Scene } from './scene.ts';
import { completions, fitsPhrase, isOutside, isSamePhrase, type Whole } from './whole.ts';

/** Things that are closer than this along an axis (a fraction of the side) are neither left nor right of each other. */
const LEAST_DISTANCE = 0.1;

/** The answer of a claim in a complete world; undefined if the world is too close to call. */
type Verdict = Answer | undefined;

const matches = (world: readonly Whole[], phrase: Phrase): readonly Whole[] =>
  world.filter((thing) => fitsPhrase(thing, phrase));

/** For a phrase that matches several things: yes if true of all, no if false of all, otherwise it is ambiguous. */
function agreed(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(undefined)) return undefined;
  if (verdicts.every((verdict) => verdict === 'yes')) return 'yes';
  return verdicts.every((verdict) => verdict === 'no') ? 'no' : 'maybe';
}

const truth = (value: boolean): Answer => (value ? 'yes' : 'no');

const opposite = (verdict: Verdict): Verdict => (verdict === 'yes' ? 'no' : verdict === 'no' ? 'yes' : verdict);

function all(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(undefined)) return undefined;
  if (verdicts.includes('no')) return 'no';
  return verdicts.includes('maybe') ? 'maybe' : 'yes';
}

const any = (verdicts: readonly Verdict[]): Verdict => opposite(all(verdicts.map(opposite)));

/** Whether the centre of a is in that direction from the centre of b; undefined if they are level. */
export function stands(a: Whole, relation: Relation, b: Whole): Verdict {
  const sideways = relation === 'left' || relation === 'right';
  const distance = sideways ? b.x - a.x : b.y - a.y;
  if (Math.abs(distance) < LEAST_DISTANCE) return undefined;
  return truth(relation === 'left' || relation === 'above' ? distance > 0 : distance < 0);
}

/** Whether a is near the line from b to c and between their centres; undefined for borderline cases. */
export function liesBetween(a: Whole, b: Whole, c: Whole): Verdict {
  const [dx, dy] = [c.x - b.x, c.y - b.y];
  const length = Math.hypot(dx, dy);
  if (length < 0.2) return undefined;
  const along = ((a.x - b.x) * dx + (a.y - b.y) * dy) / length ** 2;
  const aside = Math.abs((a.x - b.x) * dy - (a.y - b.y) * dx) / length;
  if (along > 0.15 && along < 0.85 && aside < 0.16) return 'yes';
  return along < -0.05 || along > 1.05 || aside > 0.26 ? 'no' : undefined;
}

type Of<T extends Claim['type']> = Extract<Claim, { type: T }>;

/** Whether the thing has the claim's property or its alternative. */
export function hasProperty(thing: Whole, { property, other }: Of<'attribute' | 'quantified'>): boolean {
  return fitsPhrase(thing, property) || (other !== undefined && fitsPhrase(thing, other));
}

/** Nobody relates a thing to itself, so readings in which both are the same thing are excluded. */
function judgeRelation(world: readonly Whole[], claim: Of<'relation'>): Verdict {
  const [first, second] = [matches(world, claim.a), matches(world, claim.b)];
  if (first.length === 0 || second.length === 0) return 'no';
  const overFirst = claim.aDefinite ? agreed : any;
  const overSecond = claim.bDefinite ? agreed : any;
  const verdicts = second.flatMap((b) => {
    const others = first.filter((a) => a.index !== b.index);
    return others.length === 0 ? [] : [overFirst(others.map((a) => stands(a, claim.relation, b)))];
  });
  return verdicts.length === 0 ? undefined : overSecond(verdicts);
}

function judgeBetween(world: readonly Whole[], claim: Of<'between'>): Verdict {
  const sets = [claim.a, claim.b, claim.c].map((phrase) => matches(world, phrase));
  const [first = [], second = [], third = []] = sets;
  if (sets.some((set) => set.length === 0)) return 'no';
  // "Between the two circles": if there are three, it is unclear which two are meant.
  if (isSamePhrase(claim.b, claim.c) && second.length !== 2) return undefined;
  const triples = first.flatMap((a) => second.flatMap((b) => third.map((c) => [a, b, c] as const)));
  // Three different things are meant, even if one phrase matches several of them.
  const meant = triples.filter(([a, b, c]) => new Set([a.index, b.index, c.index]).size === 3);
  return meant.length === 0 ? undefined : agreed(meant.map(([a, b, c]) => liesBetween(a, b, c)));
}

/** Whether a thing's centre is in a zone of the picture; undefined near the edge of the zone. */
export function liesIn(thing: Whole, zone: Zone): Verdict {
  const { x, y } = thing;
  if (zone === 'middle') {
    const away = Math.max(Math.abs(x - 0.5), Math.abs(y - 0.5));
    return away < 0.15 ? 'yes' : away > 0.25 ? 'no' : undefined;
  }
  const along = { left: x, right: 1 - x, top: y, bottom: 1 - y }[zone];
  return along < 0.34 ? 'yes' : along > 0.5 ? 'no' : undefined;
}

function judgeZone(world: readonly Whole[], { a, zone, definite }: Of<'zone'>): Verdict {
  const things = matches(world, a);
  if (things.length === 0) return 'no';
  return (definite ? agreed : any)(things.map((thing) => liesIn(thing, zone)));
}

/** The verdict on a relation of two things, over all pairs that match the phrases. */
function judgePairs(
  world: readonly Whole[],
  { a, b }: Of<'sizes' | 'alike'>,
  holds: (one: Whole, other: Whole) => boolean,
): Verdict {
  const [first, second] = [matches(world, a), matches(world, b)];
  if (first.length === 0 || second.length === 0) return 'no';
  const pairs = first.flatMap((one) => second.map((other) => [one, other] as const));
  const meant = pairs.filter(([one, other]) => one.index !== other.index);
  return meant.length === 0 ? undefined : agreed(meant.map(([one, other]) => truth(holds(one, other))));
}

function judgeSizes(world: readonly Whole[], claim: Of<'sizes'>): Verdict {
  return judgePairs(world, claim, (one, other) => {
    if (claim.op === 'same') return one.size === other.size;
    return one.size !== other.size && one.size === (claim.op === 'larger' ? 'large' : 'small');
  });
}

/** If one phrase stands for both, as in "both stars are the same colour", it must match two things. */
function judgeAlike(world: readonly Whole[], claim: Of<'alike'>): Verdict {
  const areBoth = isSamePhrase(claim.a, claim.b);
  if (areBoth && matches(world, claim.a).length !== 2) return undefined;
  return judgePairs(world, claim, (one, other) => one[claim.by] === other[claim.by]);
}

function judgeExcept(things: readonly Whole[], claim: Of<'quantified'>, except: Phrase): Verdict {
  const [without, rest] = [matches(things, except), things.filter((thing) => !fitsPhrase(thing, except))];
  if (without.length === 0 || rest.length === 0) return undefined;
  const isOther = !without.some((thing) => hasProperty(thing, claim));
  return truth(isOther && rest.every((thing) => hasProperty(thing, claim)));
}

function judgeQuantified(world: readonly Whole[], claim: Of<'quantified'>): Verdict {
  const things = matches(world, claim.a);
  if (claim.except !== undefined) return judgeExcept(things, claim, claim.except);
  const fitting = things.filter((thing) => hasProperty(thing, claim)).length;
  // "Every star is red" without any star: logicians and other people disagree.
  if (things.length === 0 || (claim.quantity === 'both' && things.length !== 2)) return undefined;
  if (claim.quantity === 'none') return truth(fitting === 0);
  // Nobody says "all but one" of two, or "some but not all" of one.
  const least = { allButOne: 3, 'some but not all': 2 };
  if (claim.quantity === 'allButOne' || claim.quantity === 'some but not all') {
    if (things.length < least[claim.quantity]) return undefined;
    const left = things.length - fitting;
    return truth(claim.quantity === 'allButOne' ? left === 1 : left > 0 && fitting > 0);
  }
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

/** Nobody compares a thing with itself, with what is not there, or with "any of" what there is only one of. */
const areComparable = (things: readonly Whole[], others: readonly Whole[], several: boolean): boolean =>
  others.length > (several ? 1 : 0) && things.some((thing) => others.some((other) => other.index !== thing.index));

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
      return agreed(things.map((thing) => truth(hasProperty(thing, claim))));
    }
    case 'relation':
      return judgeRelation(world, claim);
    case 'between':
      return judgeBetween(world, claim);
    case 'zone':
      return judgeZone(world, claim);
    case 'sizes':
      return judgeSizes(world, claim);
    case 'alike':
      return judgeAlike(world, claim);
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
    case 'untold': {
      const things = matches(world, claim.a);
      if (claim.several && things.length === 1) return undefined;
      if (things.length === 0) return 'no';
      return claim.than === undefined || areComparable(things, matches(world, claim.than.phrase), claim.than.several)
        ? 'maybe'
        : undefined;
    }
    case 'unknowable':
      return isOutside(claim.a) ? 'no' : 'maybe';
    case 'elsewhere':
      return 'maybe';
  }
}

function settled(premise: Premise, claim: Claim): Answer | undefined {
  if (premise.type !== 'topic') return undefined;
  const inner = claim.type === 'not' ? claim.claim : claim;
  if (inner.type !== 'unknowable' || inner.topic !== premise.topic) return undefined;
  if (!isSamePhrase(inner.a, premise.a)) return undefined;
  return truth((inner.value === premise.value) === (claim.type !== 'not'));
}

function isOffPicture(claim: Claim): boolean {
  const inner = claim.type === 'not' ? claim.claim : claim;
  return inner.type === 'unknowable' || inner.type === 'elsewhere';
}

/**
 * The answer that the picture (with the premise, if any) determines: the one that holds whatever a hidden thing looks
 * like, or maybe if that makes a difference. Undefined if the scene is too close to call, or if people disagree about
 * the meaning of the sentence for it. Such pairs are never used.
 */
export function answerOf(scene: Scene, { premise, claim }: Meaning): Answer | undefined {
  let worlds = completions(scene);
  if (premise?.type === 'reveals') {
    worlds = worlds.filter((world) => world.some((thing) => thing.hidden && fitsPhrase(thing, premise.property)));
    if (worlds.length < 2) return undefined;
  }
  if (premise?.type === 'topic' && matches(worlds[0] ?? [], premise.a).length !== 1) return undefined;
  // An aside must be true in the picture or unrelated to it. Otherwise it would add information.
  if (premise?.type === 'aside' && !isOffPicture(premise.claim)) {
    if (answerOf(scene, { claim: premise.claim }) !== 'yes') return undefined;
  }
  const given = premise === undefined ? undefined : settled(premise, claim);
  if (given !== undefined) return given;
  const verdicts = worlds.map((world) => judge(world, claim));
  if (verdicts.includes(undefined)) return undefined;
  return verdicts.every((verdict) => verdict === verdicts[0]) ? verdicts[0] : 'maybe';
}
