import type { Phrase } from './claims.ts';
import type { Random } from './random.ts';
import { COLOURS, SIZES, type Scene, type Thing } from './scene.ts';
import { SHAPES } from './shapes.ts';
import { completions, fitsPhrase, isSamePhrase } from './whole.ts';

/** Sets of attributes that a phrase names. Frequent ones are listed several times. */
export const NAMED = ['s', 's', 's', 's', 'cs', 'cs', 'cs', 'cs', 'cs', 'c', 'c', 'zs', 'zcs', 'zc', 'z'] as const;
export type Named = (typeof NAMED)[number] | 'zcs';

/** A phrase that names these attributes of a thing. */
export function describe(thing: Pick<Thing, 'colour' | 'shape' | 'size'>, named: Named): Phrase {
  return {
    ...(named.includes('c') ? { colour: thing.colour } : {}),
    ...(named.includes('s') ? { shape: thing.shape } : {}),
    ...(named.includes('z') ? { size: thing.size } : {}),
  };
}

/** The phrase with one of its attributes replaced at random. */
export function changed(random: Random, phrase: Phrase): Phrase {
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

/** The phrase without some of its attributes. */
export const without = (phrase: Phrase, names: readonly string[]): Phrase =>
  Object.fromEntries(Object.entries(phrase).filter(([name]) => !names.includes(name)));

/** The things of a scene that differ from a description in these attributes. */
export const unlike = (scene: Scene, property: Phrase, named: Named): readonly Thing[] =>
  scene.things.filter((thing) => !isSamePhrase(describe(thing, named), property));

/** A phrase for a thing in the picture or, one time in three, for one that differs slightly. */
export function phrase(random: Random, scene: Scene, named: readonly Named[] = NAMED): Phrase {
  const found = describe(random.pick(scene.things), random.pick(named));
  return random.chance(0.3) ? changed(random, found) : found;
}

/** How many things of the scene the phrase matches, in the first completion of a hidden one. */
export const matching = (scene: Scene, a: Phrase): number =>
  completions(scene)[0]?.filter((thing) => fitsPhrase(thing, a)).length ?? 0;

/** A phrase for "the ...", which usually matches one thing, sometimes several. */
export function reference(random: Random, scene: Scene, named: readonly Named[] = NAMED): Phrase {
  const several = random.chance(0.25);
  for (let attempt = 0; attempt < 12; attempt++) {
    const found = describe(random.pick(scene.things), random.pick(named));
    if (matching(scene, found) === 1 || several) return random.chance(0.06) ? changed(random, found) : found;
  }
  return describe(random.pick(scene.things), 'zcs');
}

/** "The hidden object", if there is one. */
export function hiddenReference(random: Random, scene: Scene): Phrase | undefined {
  const thing = scene.things.find((each) => each.hidden);
  const cover = thing?.under === undefined ? undefined : scene.things[thing.under];
  if (cover === undefined) return undefined;
  if (random.chance(0.4)) return { hidden: true };
  return { hidden: true, behind: describe(cover, random.pick(['s', 'cs', 'cs', 'c'] as const)) };
}

/** A phrase that differs from the given one. */
export function different(random: Random, a: Phrase, make: () => Phrase): Phrase {
  for (let attempt = 0; attempt < 10; attempt++) {
    const b = make();
    if (!isSamePhrase(a, b)) return b;
  }
  return changed(random, { colour: random.pick(COLOURS), shape: random.pick(SHAPES) });
}

/** A phrase that matches exactly one thing, which is not hidden. */
export function unique(random: Random, scene: Scene): Phrase {
  for (let attempt = 0; attempt < 20; attempt++) {
    const thing = random.pick(scene.things);
    if (thing.hidden) continue;
    const found = describe(thing, random.pick(NAMED));
    if (matching(scene, found) === 1) return found;
  }
  return describe(random.pick(scene.things), 'zcs');
}
