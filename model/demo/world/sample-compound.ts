import { RELATIONS, type Claim, type Phrase } from './claims.ts';
import { changed, describe, different, matching, phrase, reference, type Named } from './phrases.ts';
import type { Random } from './random.ts';
import { COLOURS, type Scene } from './scene.ts';
import { attribute, count } from './sample-simple.ts';

/** "The star is red and small": two things are said of one reference, that may hold or not. */
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

/** "The star is red or blue", "everything is a star or a heart"; at times that it is neither. */
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

/** "Two stars and three hearts". */
function twoCounts(random: Random, scene: Scene): Claim {
  const named = random.pick([['s'], ['s'], ['c'], ['cs', 's']] as const);
  if (random.chance(0.3)) return twoOfOneShape(random, scene);
  if (random.chance(0.25)) return partOfNumber(random, scene);
  const counted = (a: Phrase): Claim => {
    const n = Math.min(7, Math.max(1, matching(scene, a) + random.pick([-1, 0, 0, 0, 1])));
    return { type: 'count', a, op: 'exactly', n };
  };
  const a = phrase(random, scene, named);
  const b = different(random, a, () => phrase(random, scene, named));
  return { type: 'and', left: counted(a), right: counted(b) };
}

/** "Two of the three stars are red": that there are three is said as well. */
function partOfNumber(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), 's');
  const part: Phrase = { ...a, ...describe(random.pick(scene.things), random.pick(['c', 'c', 'z'])) };
  const all = Math.max(2, matching(scene, a) + random.pick([0, 0, 0, 1]));
  const some = Math.min(all - 1, Math.max(1, matching(scene, part) + random.pick([-1, 0, 0, 1])));
  return {
    type: 'and',
    left: { type: 'count', a, op: 'exactly', n: all },
    right: { type: 'count', a: part, op: 'exactly', n: some },
  };
}

/** "One star is red, the other is blue". */
function twoOfOneShape(random: Random, scene: Scene): Claim {
  const { shape, colour } = random.pick(scene.things);
  const same = scene.things.filter((thing) => thing.shape === shape && thing.colour !== colour);
  const others = same.length > 0 && random.chance(0.7) ? same.map((thing) => thing.colour) : COLOURS;
  const second = random.pick(others.filter((each) => each !== colour));
  const one = (a: Phrase): Claim => ({ type: 'count', a, op: 'exactly', n: 1 });
  return { type: 'and', left: one({ shape, colour }), right: one({ shape, colour: second }) };
}

/** "There is one star, and it is left of the heart". */
function oneThere(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), random.pick(['cs', 'cs', 's', 'zs']));
  const b = different(random, a, () => reference(random, scene, ['cs', 's', 's']));
  return {
    type: 'and',
    left: { type: 'count', a, op: 'exactly', n: 1 },
    right: {
      type: 'relation',
      relation: random.pick(RELATIONS),
      a,
      b,
      aDefinite: true,
      bDefinite: true,
      inverted: false,
    },
  };
}

/** "The only square is red". */
function onlyOne(random: Random, scene: Scene): Claim {
  const a = describe(random.pick(scene.things), random.pick(['s', 's', 's', 'zs']));
  const { colour } = random.pick(scene.things);
  return {
    type: 'and',
    left: { type: 'count', a, op: 'exactly', n: 1 },
    right: { type: 'attribute', a, property: { colour } },
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

export function conjunction(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.14) return twoProperties(random, scene);
  if (draw < 0.24) return twoCounts(random, scene);
  if (draw < 0.3) return onlyOne(random, scene);
  if (draw < 0.34) return oneThere(random, scene);
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
