import {
  RELATIONS,
  TOPICS,
  type Claim,
  type Kind,
  type Meaning,
  type Phrase,
  type Premise,
  type Topic,
} from './claims.ts';
import { completions, fitsPhrase } from './meaning.ts';
import type { Random } from './random.ts';
import { COLOURS, SHAPES, SIZES, type Scene, type Thing } from './scene.ts';

/** Which attributes a phrase names, the likelier ones more often. */
const NAMED = ['s', 's', 's', 's', 'cs', 'cs', 'cs', 'cs', 'cs', 'c', 'c', 'zs', 'zcs', 'zc', 'z'] as const;
type Named = (typeof NAMED)[number];

function describe(thing: Thing, named: Named | 'zcs'): Phrase {
  return {
    ...(named.includes('c') ? { colour: thing.colour } : {}),
    ...(named.includes('s') ? { shape: thing.shape } : {}),
    ...(named.includes('z') ? { size: thing.size } : {}),
  };
}

/** The phrase with one of the attributes that it names drawn anew. */
function changed(random: Random, phrase: Phrase): Phrase {
  const names = (['colour', 'shape', 'size'] as const).filter((name) => phrase[name] !== undefined);
  if (names.length === 0) return phrase;
  switch (random.pick(names)) {
    case 'colour':
      return { ...phrase, colour: random.pick(COLOURS) };
    case 'shape':
      return { ...phrase, shape: random.pick(SHAPES) };
    case 'size':
      return { ...phrase, size: random.pick(SIZES) };
  }
}

/** A phrase about something in the picture or, a third of the time, about something close to it. */
function phrase(random: Random, scene: Scene, named: readonly Named[] = NAMED): Phrase {
  const found = describe(random.pick(scene.things), random.pick(named));
  return random.chance(0.3) ? changed(random, found) : found;
}

const matching = (scene: Scene, a: Phrase): number =>
  completions(scene)[0]?.filter((thing) => fitsPhrase(thing, a)).length ?? 0;

/** A phrase for "the ...": mostly of one thing, sometimes of several. */
function reference(random: Random, scene: Scene, named: readonly Named[] = NAMED): Phrase {
  const several = random.chance(0.25);
  for (let attempt = 0; attempt < 12; attempt++) {
    const found = describe(random.pick(scene.things), random.pick(named));
    if (matching(scene, found) === 1 || several) return random.chance(0.06) ? changed(random, found) : found;
  }
  return describe(random.pick(scene.things), 'zcs');
}

function hiddenReference(random: Random, scene: Scene): Phrase | undefined {
  const thing = scene.things.find((each) => each.hidden);
  const cover = thing?.under === undefined ? undefined : scene.things[thing.under];
  if (cover === undefined) return undefined;
  if (random.chance(0.4)) return { hidden: true };
  return { hidden: true, behind: describe(cover, random.pick(['s', 'cs', 'cs', 'c'] as const)) };
}

type Property = 'colour' | 'shape' | 'size';

function attribute(random: Random, scene: Scene, property: Property): Claim {
  const letter = { colour: 'c', shape: 's', size: 'z' }[property];
  const named = [...NAMED.filter((each) => !each.includes(letter))];
  const hidden = random.chance(0.2) ? hiddenReference(random, scene) : undefined;
  const a = hidden ?? reference(random, scene, named);
  const thing = scene.things.find((each) => each.colour === a.colour || each.shape === a.shape);
  const source = random.chance(0.5) && thing !== undefined ? thing : random.pick(scene.things);
  const found = describe(source, letter as Named);
  return { type: 'attribute', a, property: random.chance(0.25) ? changed(random, found) : found };
}

function count(random: Random, scene: Scene): Claim {
  const a = random.chance(0.08)
    ? {}
    : phrase(random, scene, ['s', 's', 's', 'c', 'c', 'cs', 'z', 'zs', 'zc']);
  const near = matching(scene, a) + random.pick([-1, -1, 0, 0, 0, 1, 1, 2]);
  const op = random.pick(['exactly', 'exactly', 'atLeast', 'atMost'] as const);
  // "At least one" is existence, "none" is negation in other words: both belong here too.
  return { type: 'count', a, op, n: Math.min(7, Math.max(op === 'atLeast' ? 1 : 0, near)) };
}

function different(random: Random, a: Phrase, make: () => Phrase): Phrase {
  for (let attempt = 0; attempt < 10; attempt++) {
    const b = make();
    if (JSON.stringify(a) !== JSON.stringify(b)) return b;
  }
  return changed(random, { colour: random.pick(COLOURS), shape: random.pick(SHAPES) });
}

function relation(random: Random, scene: Scene): Claim {
  const named = ['cs', 'cs', 'cs', 's', 's', 'c', 'zs', 'zcs', 'zc'] as const;
  const a = reference(random, scene, named);
  const b = different(random, a, () => reference(random, scene, named));
  const definite = random.chance(0.65);
  return {
    type: 'relation',
    relation: random.pick(RELATIONS),
    a,
    b,
    aDefinite: definite,
    bDefinite: definite || random.chance(0.4),
    inverted: random.chance(0.3),
  };
}

function between(random: Random, scene: Scene): Claim {
  const named = ['cs', 'cs', 's', 's', 'c', 'zs'] as const;
  const a = reference(random, scene, named);
  const b = different(random, a, () => reference(random, scene, named));
  const c = different(random, b, () => reference(random, scene, named));
  return { type: 'between', a, b, c };
}

function compare(random: Random, scene: Scene): Claim {
  const named = random.pick([['s'], ['c'], ['s', 'cs', 'zs', 'c'], ['z', 'zs']] as const);
  const a = phrase(random, scene, named);
  const b = different(random, a, () => phrase(random, scene, named));
  return { type: 'compare', op: random.pick(['more', 'more', 'fewer', 'fewer', 'equal'] as const), a, b };
}

function quantified(random: Random, scene: Scene): Claim {
  const [of, is] = random.pick([
    ['s', 'c'],
    ['s', 'c'],
    ['c', 's'],
    ['s', 'z'],
    ['c', 'z'],
    ['cs', 'z'],
    ['z', 'c'],
    ['z', 's'],
    ['', 'c'],
    ['', 's'],
  ] as const);
  const a = of === '' ? {} : describe(random.pick(scene.things), of);
  const property = describe(random.pick(scene.things), is);
  const quantity = random.pick(['all', 'all', 'all', 'none', 'none', 'notAll', 'both'] as const);
  return {
    type: 'quantified',
    quantity,
    a,
    property: random.chance(0.2) ? changed(random, property) : property,
  };
}

/** A part of a conjunction or disjunction. */
function part(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.62) return { type: 'exists', a: phrase(random, scene, ['s', 'cs', 'cs', 'c', 'zs', 'zcs']) };
  if (draw < 0.78) return count(random, scene);
  return attribute(random, scene, random.pick(['colour', 'colour', 'size', 'shape'] as const));
}

function parts(random: Random, scene: Scene): { left: Claim; right: Claim } {
  // Two existences share one verb ("a circle and a star are there"): the commonest case by far.
  if (random.chance(0.6)) {
    const a = phrase(random, scene);
    const right: Claim = { type: 'exists', a: different(random, a, () => phrase(random, scene)) };
    return { left: { type: 'exists', a }, right };
  }
  return { left: part(random, scene), right: part(random, scene) };
}

function conjunction(random: Random, scene: Scene): Claim {
  const { left, right } = parts(random, scene);
  const negated = left.type === 'exists' && right.type === 'exists' && random.chance(0.3);
  return { type: 'and', left, right: negated ? { type: 'not', claim: right } : right };
}

function disjunction(random: Random, scene: Scene): Claim {
  const { left, right } = parts(random, scene);
  const neither = left.type === 'exists' && right.type === 'exists' && random.chance(0.35);
  return neither ? { type: 'neither', left, right } : { type: 'or', left, right };
}

function negation(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.4) return { type: 'not', claim: { type: 'exists', a: phrase(random, scene) } };
  if (draw < 0.75) {
    const property = random.pick(['colour', 'colour', 'size', 'shape'] as const);
    return { type: 'not', claim: attribute(random, scene, property) };
  }
  if (draw < 0.88) return { type: 'not', claim: relation(random, scene) };
  return { type: 'not', claim: random.chance(0.5) ? count(random, scene) : compare(random, scene) };
}

function unique(random: Random, scene: Scene): Phrase {
  for (let attempt = 0; attempt < 20; attempt++) {
    const thing = random.pick(scene.things);
    if (thing.hidden) continue;
    const found = describe(thing, random.pick(NAMED));
    if (matching(scene, found) === 1) return found;
  }
  return describe(random.pick(scene.things), 'zcs');
}

function topic(random: Random): { topic: Topic; value: number } {
  const name = random.pick(Object.keys(TOPICS) as Topic[]);
  return { topic: name, value: random.int(TOPICS[name].length) };
}

/** What covering hides of a thing. */
function covered(random: Random, a: Phrase): Claim {
  const property = random.chance(0.7) ? { shape: random.pick(SHAPES) } : { size: random.pick(SIZES) };
  const claim: Claim = { type: 'attribute', a, property };
  return random.chance(0.15) ? { type: 'not', claim } : claim;
}

function undecidable(random: Random, scene: Scene): Claim {
  const hidden = random.chance(0.6) ? hiddenReference(random, scene) : undefined;
  if (hidden !== undefined) return covered(random, hidden);
  const a = random.chance(0.15) ? {} : unique(random, scene);
  const draw = random.next();
  if (draw < 0.25) return { type: 'elsewhere', a: phrase(random, scene) };
  const claim: Claim = { type: 'unknowable', ...topic(random), a };
  return draw < 0.35 ? { type: 'not', claim } : claim;
}

const SIMPLE = ['existence', 'colour', 'size', 'shape', 'count', 'spatial', 'negation', 'universal'] as const;

function premised(random: Random, scene: Scene): Meaning {
  const draw = random.next();
  if (draw < 0.45) {
    const a = unique(random, scene);
    const premise: Premise = { type: 'topic', ...topic(random), a };
    const same = random.chance(0.75);
    const value = random.chance(0.3) ? premise.value : random.int(TOPICS[premise.topic].length);
    const claim: Claim = {
      type: 'unknowable',
      ...(same ? { topic: premise.topic, value } : topic(random)),
      a,
    };
    return { premise, claim: random.chance(0.2) ? { type: 'not', claim } : claim };
  }
  const { claim } = sampleMeaning(random, scene, random.pick(SIMPLE));
  const hidden = scene.things.find((thing) => thing.hidden);
  if (hidden !== undefined && draw < 0.75) {
    const property = { shape: random.chance(0.5) ? hidden.shape : random.pick(SHAPES) };
    const told = random.chance(0.5) ? property : { shape: random.pick(SHAPES) };
    const is: Claim = { type: 'attribute', a: { hidden: true }, property: told };
    const exists: Claim = { type: 'exists', a: property };
    return { premise: { type: 'reveals', property }, claim: random.pick([claim, exists, is]) };
  }
  const aside = random.chance(0.5)
    ? undecidable(random, scene)
    : sampleMeaning(random, scene, random.pick(['existence', 'colour', 'count'] as const)).claim;
  return { premise: { type: 'aside', claim: aside }, claim };
}

/** A sentence about the scene, or about one like it, of the given kind; its answer may be any. */
export function sampleMeaning(random: Random, scene: Scene, kind: Kind): Meaning {
  switch (kind) {
    case 'existence':
      return { claim: { type: 'exists', a: phrase(random, scene) } };
    case 'colour':
    case 'size':
    case 'shape':
      return { claim: attribute(random, scene, kind) };
    case 'count':
      return { claim: count(random, scene) };
    case 'spatial':
      return { claim: relation(random, scene) };
    case 'between':
      return { claim: between(random, scene) };
    case 'comparison':
      return { claim: compare(random, scene) };
    case 'negation':
      return { claim: negation(random, scene) };
    case 'conjunction':
      return { claim: conjunction(random, scene) };
    case 'disjunction':
      return { claim: disjunction(random, scene) };
    case 'universal':
      return { claim: quantified(random, scene) };
    case 'undecidable':
      return { claim: undecidable(random, scene) };
    case 'premise':
      return premised(random, scene);
  }
}
