import { RELATIONS, ZONES, type Claim } from './claims.ts';
import {
  NAMED,
  changed,
  describe,
  different,
  hiddenReference,
  matching,
  phrase,
  reference,
  unlike,
  without,
  type Named,
} from './phrases.ts';
import type { Random } from './random.ts';
import type { Scene } from './scene.ts';

type Property = 'colour' | 'shape' | 'size';

export function attribute(random: Random, scene: Scene, property: Property): Claim {
  const letter = { colour: 'c', shape: 's', size: 'z' }[property];
  const named = [...NAMED.filter((each) => !each.includes(letter))];
  const hidden = random.chance(0.2) ? hiddenReference(random, scene) : undefined;
  const a = hidden ?? reference(random, scene, named);
  const thing = scene.things.find((each) => each.colour === a.colour || each.shape === a.shape);
  const source = random.chance(0.5) && thing !== undefined ? thing : random.pick(scene.things);
  const found = describe(source, letter as Named);
  const claimed = random.chance(0.25) ? changed(random, found) : found;
  // "The red circle is red" says nothing.
  return { type: 'attribute', a: without(a, [property]), property: claimed };
}

export function count(random: Random, scene: Scene): Claim {
  const a = random.chance(0.08) ? {} : phrase(random, scene, ['s', 's', 's', 'c', 'c', 'cs', 'z', 'zs', 'zc']);
  const near = matching(scene, a) + random.pick([-1, -1, 0, 0, 0, 1, 1, 2]);
  const op = random.pick(['exactly', 'exactly', 'atLeast', 'atMost'] as const);
  // "At least one" is existence and "none" is negation, but both belong here too.
  return { type: 'count', a, op, n: Math.min(7, Math.max(op === 'atLeast' ? 1 : 0, near)) };
}

/** "The star is larger than the heart". */
function sizes(random: Random, scene: Scene): Claim {
  const named = ['cs', 'cs', 's', 's', 'c'] as const;
  const a = reference(random, scene, named);
  const b = different(random, a, () => reference(random, scene, named));
  return {
    type: 'sizes',
    op: random.pick(['larger', 'larger', 'smaller', 'smaller', 'same'] as const),
    a,
    b,
  };
}

/** "The star is the same colour as the heart", "both stars are the same colour". */
function alike(random: Random, scene: Scene): Claim {
  const by = random.pick(['colour', 'colour', 'colour', 'shape'] as const);
  const named = by === 'colour' ? (['s', 's', 'zs'] as const) : (['c', 'c', 'zc'] as const);
  const a = random.chance(0.4)
    ? describe(random.pick(scene.things), random.pick(named))
    : reference(random, scene, named);
  const areBoth = matching(scene, a) === 2 && random.chance(0.7);
  const b = areBoth ? a : different(random, a, () => reference(random, scene, named));
  const claim: Claim = { type: 'alike', by, a, b };
  return random.chance(0.35) ? { type: 'not', claim } : claim;
}

/** "There is a star on the left". */
export function zone(random: Random, scene: Scene): Claim {
  const definite = random.chance(0.5);
  const named = ['cs', 'cs', 'cs', 's', 's', 'c', 'zs', 'zcs'] as const;
  const a = definite ? reference(random, scene, named) : phrase(random, scene, named);
  return { type: 'zone', zone: random.pick(ZONES), a, definite };
}

export function relation(random: Random, scene: Scene): Claim {
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

export function between(random: Random, scene: Scene): Claim {
  const named = ['cs', 'cs', 's', 's', 'c', 'zs'] as const;
  const a = reference(random, scene, named);
  const b = different(random, a, () => reference(random, scene, named));
  const c = different(random, b, () => reference(random, scene, named));
  return { type: 'between', a, b, c };
}

export function compare(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.18) return sizes(random, scene);
  if (draw < 0.34) return alike(random, scene);
  const named = random.pick([['s'], ['c'], ['s', 'cs', 'zs', 'c'], ['z', 'zs']] as const);
  const a = phrase(random, scene, named);
  const b = different(random, a, () => phrase(random, scene, named));
  return { type: 'compare', op: random.pick(['more', 'more', 'fewer', 'fewer', 'equal'] as const), a, b };
}

const QUANTITIES = ['all', 'all', 'all', 'none', 'none', 'notAll', 'both', 'allButOne', 'some but not all'] as const;

/** "Everything but the star is red". */
function exception(random: Random, scene: Scene): Claim {
  const [of, is] = random.pick([
    ['s', 'c'],
    ['cs', 'c'],
    ['c', 's'],
    ['cs', 's'],
    ['s', 'z'],
    ['cs', 'z'],
  ] as const);
  const property = describe(random.pick(scene.things), is);
  const odd = unlike(scene, property, is);
  const except = describe(random.pick(odd.length === 0 ? scene.things : odd), of);
  return { type: 'quantified', quantity: 'all', a: {}, property, except };
}

export function quantified(random: Random, scene: Scene): Claim {
  if (random.chance(0.12)) return exception(random, scene);
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
  const quantity = random.pick(QUANTITIES);
  // "No star is both red and large".
  if (quantity === 'none' && of === 's' && random.chance(0.3)) {
    return { type: 'quantified', quantity, a, property: describe(random.pick(scene.things), 'zc') };
  }
  return {
    type: 'quantified',
    quantity,
    a,
    property: random.chance(0.2) ? changed(random, property) : property,
  };
}
