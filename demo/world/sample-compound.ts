import { RELATIONS, type Claim, type Phrase, type Relation } from './claims.ts';
import { changed, describe, different, matching, phrase, reference, unlike, type Named } from './phrases.ts';
import type { Random } from './random.ts';
import { COLOURS, type Colour, type Scene } from './scene.ts';
import { SHAPES, type Shape } from './shapes.ts';
import { attribute, count } from './sample-simple.ts';

/** "The star is red and small": two properties of one thing, each of which may be wrong. */
function twoProperties(random: Random, scene: Scene): Claim {
  const [first, second] = random.pick([
    ['c', 'z'],
    ['c', 'z'],
    ['c', 's'],
    ['z', 's'],
  ] as const);
  const named = first === 'c' ? (second === 'z' ? ['s'] : ['z']) : ['c'];
  const a = reference(random, scene, named as readonly Named[]);
  const thing = scene.things.find((each) => each.colour === a.colour || each.shape === a.shape);
  const source = random.chance(0.6) && thing !== undefined ? thing : random.pick(scene.things);
  const property: Phrase = { ...describe(source, first), ...describe(source, second) };
  return { type: 'attribute', a, property: random.chance(0.5) ? changed(random, property) : property };
}

/** "The star is red or blue", "everything is a star or a heart"; sometimes with "neither". */
function oneOfTwo(random: Random, scene: Scene): Claim {
  const letter = random.pick(['c', 'c', 's'] as const);
  const property = describe(random.pick(scene.things), letter);
  const other = different(random, property, () => describe(random.pick(scene.things), letter));
  const named = letter === 'c' ? (['s', 's', 'zs', 'z'] as const) : (['c', 'c', 'zc', 'z'] as const);
  if (random.chance(0.5)) {
    const a = random.chance(0.35) ? {} : describe(random.pick(scene.things), random.pick(named));
    return { type: 'quantified', quantity: 'all', a, property, other };
  }
  const claim: Claim = { type: 'attribute', a: reference(random, scene, named), property, other };
  return random.chance(0.3) ? { type: 'not', claim } : claim;
}

/** "Two stars and three hearts", sometimes with "and nothing else". */
function twoCounts(random: Random, scene: Scene): Claim {
  if (random.chance(0.25)) return partOfNumber(random, scene);
  const named = random.pick([['s'], ['s'], ['c'], ['cs', 's']] as const);
  const counted = (a: Phrase): Extract<Claim, { type: 'count' }> =>
    counting(a, Math.min(7, Math.max(1, matching(scene, a) + random.pick([-1, 0, 0, 0, 1]))));
  const a = phrase(random, scene, named);
  const b = different(random, a, () => phrase(random, scene, named));
  const [left, right] = [counted(a), counted(b)];
  const both: Claim = { type: 'and', left, right };
  // If both phrases can match the same thing, the sum says nothing.
  if (named.length > 1 || left.n + right.n > 7 || random.chance(0.65)) return both;
  return { type: 'and', left: both, right: counting({}, left.n + right.n) };
}

/** "Two of the three stars are red", which also says that there are three stars. */
function partOfNumber(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), 's');
  const part: Phrase = { ...a, ...describe(random.pick(scene.things), random.pick(['c', 'c', 'z'])) };
  const all = Math.max(2, matching(scene, a) + random.pick([0, 0, 0, 1]));
  const some = Math.min(all - 1, Math.max(1, matching(scene, part) + random.pick([-1, 0, 0, 1])));
  return {
    type: 'and',
    left: counting(a, all),
    right: counting(part, some),
  };
}

const counting = (a: Phrase, n: number): Extract<Claim, { type: 'count' }> => ({
  type: 'count',
  a,
  op: 'exactly',
  n,
});

/** "One star is red, one is blue", or "two stars: one red, one blue" if there are no others. */
function twoOfOneShape(random: Random, scene: Scene): Claim {
  const found = random.pick(scene.things);
  const named = random.pick(['s', 's', 's', 'zs', 'c'] as const);
  const of = describe(found, named);
  const { colour } = found;
  const same = scene.things.filter((thing) => thing.shape === of.shape && thing.colour !== colour);
  const others = same.length > 0 && random.chance(0.7) ? same.map((thing) => thing.colour) : COLOURS;
  const second = random.pick(others.filter((each) => each !== colour));
  const parts: readonly [Phrase, Phrase] =
    of.colour === undefined && (of.size !== undefined || random.chance(0.75))
      ? [{ colour }, { colour: second }]
      : [{ size: 'large' }, { size: 'small' }];
  const one = (part: Phrase): Claim => counting({ ...of, ...part }, 1);
  const both: Claim = { type: 'and', left: one(parts[0]), right: one(parts[1]) };
  return random.chance(0.5) ? both : { type: 'and', left: both, right: counting(of, 2) };
}

/** "One star is red, one is blue and one is green". */
function threeOfOneShape(random: Random, scene: Scene): Claim {
  const { shape } = random.pick(scene.things);
  const there = new Set(scene.things.filter((thing) => thing.shape === shape).map(({ colour }) => colour));
  const others = COLOURS.filter((colour) => !there.has(colour));
  const seen = [...there];
  // Usually things of the scene, with at least one that is not there if these are too few.
  const draw = (): Colour => {
    const from = seen.length > 0 && (others.length === 0 || random.chance(0.85)) ? seen : others;
    return from.splice(random.int(from.length), 1)[0] ?? 'red';
  };
  const one = (): Claim => counting({ shape, colour: draw() }, 1);
  return { type: 'and', left: { type: 'and', left: one(), right: one() }, right: one() };
}

/** "Two things are red: a star and a heart". */
function twoOfOneColour(random: Random, scene: Scene): Claim {
  const { colour } = random.pick(scene.things);
  const shapes = scene.things.filter((thing) => thing.colour === colour).map(({ shape }) => shape);
  const shape = random.pick(random.chance(0.8) ? shapes : SHAPES);
  const others = shapes.filter((each) => each !== shape);
  const second = random.pick(
    others.length > 0 && random.chance(0.7) ? others : SHAPES.filter((each) => each !== shape),
  );
  const one = (what: Shape): Claim => ({ type: 'exists', a: { colour, shape: what } });
  return {
    type: 'and',
    left: { type: 'and', left: one(shape), right: one(second) },
    right: counting({ colour }, 2),
  };
}

/** "The star is left of the heart". */
const stands = (relation: Relation, a: Phrase, b: Phrase): Claim => ({
  type: 'relation',
  relation,
  a,
  b,
  aDefinite: true,
  bDefinite: true,
  inverted: false,
});

/** "From left to right: a star, a heart, a cross". */
function inOrder(random: Random, scene: Scene): Claim | undefined {
  const [along, relation] = random.pick([
    ['x', 'left'],
    ['x', 'right'],
    ['y', 'above'],
    ['y', 'below'],
  ] as const);
  const things = scene.things.filter(({ hidden }) => !hidden);
  const chosen = [0, 1, 2].flatMap(() => things.splice(random.int(Math.max(1, things.length)), 1));
  const backwards = relation === 'right' || relation === 'below';
  chosen.sort((one, other) => (one.seen[along] - other.seen[along]) * (backwards ? -1 : 1));
  if (random.chance(0.4)) chosen.reverse();
  const named = random.pick(['s', 's', 'cs', 'cs', 'c'] as const);
  const phrases = chosen.map((thing) => describe(thing, named));
  const [a, b, c] = phrases;
  if (a === undefined || b === undefined || c === undefined) return undefined;
  // In "a star, a star, a heart", the stars could be any two.
  if (new Set(phrases.map((each) => JSON.stringify(each))).size < 3) return undefined;
  return { type: 'and', left: stands(relation, a, b), right: stands(relation, b, c) };
}

/** "Two stars and nothing else". */
function nothingElse(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), random.pick(['s', 's', 'cs', 'c']));
  const n = Math.min(7, Math.max(1, matching(scene, a) + random.pick([0, 0, 0, -1, 1])));
  return {
    type: 'and',
    left: counting(a, n),
    right: { type: 'quantified', quantity: 'all', a: {}, property: a },
  };
}

/** "Apart from one star everything is red". */
function allButOneOf(random: Random, scene: Scene): Claim {
  const is = random.pick(['c', 's', 'z'] as const);
  const property = describe(random.pick(scene.things), is);
  const odd = unlike(scene, property, is);
  const a = describe(
    random.pick(odd.length === 0 ? scene.things : odd),
    random.pick(is === 's' ? ['c', 'cs'] : ['s', 'cs']),
  );
  return {
    type: 'and',
    left: counting(a, 1),
    right: { type: 'quantified', quantity: 'all', a: {}, property, except: a },
  };
}

/** "There is one star, and it is left of the heart". */
function oneThere(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), random.pick(['cs', 'cs', 's', 'zs']));
  const b = different(random, a, () => reference(random, scene, ['cs', 's', 's']));
  return {
    type: 'and',
    left: counting(a, 1),
    right: stands(random.pick(RELATIONS), a, b),
  };
}

/** "The only square is red". */
function onlyOne(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), random.pick(['s', 's', 's', 'zs']));
  const { colour } = random.pick(scene.things);
  return {
    type: 'and',
    left: counting(a, 1),
    right: { type: 'attribute', a, property: { colour } },
  };
}

/** A claim that is said as a list: "two stars and three hearts", "two things are red: a star and a heart". */
export const list = (random: Random, scene: Scene): Claim =>
  random.pick([twoCounts, twoCounts, partOfNumber, twoOfOneShape, threeOfOneShape, twoOfOneColour, nothingElse])(
    random,
    scene,
  );

/** One part of a conjunction or disjunction. */
function part(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.62) return { type: 'exists', a: phrase(random, scene, ['s', 'cs', 'cs', 'c', 'zs', 'zcs']) };
  if (draw < 0.78) return count(random, scene);
  return attribute(random, scene, random.pick(['colour', 'colour', 'size', 'shape'] as const));
}

function parts(random: Random, scene: Scene): { left: Claim; right: Claim } {
  // Two claims of existence share one verb ("a circle and a star are there"): by far the most common case.
  if (random.chance(0.6)) {
    const a = phrase(random, scene);
    const right: Claim = { type: 'exists', a: different(random, a, () => phrase(random, scene)) };
    return { left: { type: 'exists', a }, right };
  }
  return { left: part(random, scene), right: part(random, scene) };
}

export function conjunction(random: Random, scene: Scene): Claim {
  const draw = random.next();
  const order = draw > 0.93 ? inOrder(random, scene) : undefined;
  if (order !== undefined) return order;
  if (draw < 0.14) return twoProperties(random, scene);
  if (draw < 0.23) return twoCounts(random, scene);
  if (draw < 0.29) return twoOfOneShape(random, scene);
  if (draw < 0.3) return threeOfOneShape(random, scene);
  if (draw < 0.33) return twoOfOneColour(random, scene);
  if (draw < 0.37) return onlyOne(random, scene);
  if (draw < 0.4) return oneThere(random, scene);
  if (draw < 0.44) return nothingElse(random, scene);
  if (draw < 0.47) return allButOneOf(random, scene);
  const { left, right } = parts(random, scene);
  const negated = left.type === 'exists' && right.type === 'exists' && random.chance(0.3);
  return { type: 'and', left, right: negated ? { type: 'not', claim: right } : right };
}

export function disjunction(random: Random, scene: Scene): Claim {
  if (random.chance(0.25)) return oneOfTwo(random, scene);
  const { left, right } = parts(random, scene);
  const neither = left.type === 'exists' && right.type === 'exists' && random.chance(0.35);
  return neither ? { type: 'neither', left, right } : { type: 'or', left, right };
}
