import type { Answer } from '../answers.ts';
import type { Claim, Meaning, Phrase } from './claims.ts';
import { answerOf, liesBetween } from './meaning.ts';
import { describe, type Named } from './phrases.ts';
import type { Random } from './random.ts';
import { sampleMeaning } from './sample.ts';
import type { Scene, Thing } from './scene.ts';
import { completions, isSamePhrase } from './whole.ts';

type Between = Extract<Claim, { type: 'between' }>;
type Triple = readonly [Thing, Thing, Thing];
/** Sets of attributes that the three phrases name. */
type Signature = readonly [Named, Named, Named];

/** Three things, the first of which is between the others. */
interface Row {
  readonly scene: Scene;
  readonly things: Triple;
}

/** Attempts to draw a claim with the wanted answer. */
const TRIES = 300;

const known = new WeakMap<readonly Scene[], readonly Row[]>();

/** All rows of three things in the scenes. They are too rare to find at random. */
function rowsIn(scenes: readonly Scene[]): readonly Row[] {
  let rows = known.get(scenes);
  if (rows === undefined) known.set(scenes, (rows = scenes.flatMap(rowsOf)));
  return rows;
}

function rowsOf(scene: Scene): Row[] {
  const [world = []] = completions(scene);
  const seen = world.filter((thing) => !thing.hidden);
  return seen.flatMap((a) =>
    seen.flatMap((b) =>
      seen
        .filter((c) => a !== b && a !== c && b !== c && liesBetween(a, b, c) === 'yes')
        .map((c) => ({
          scene,
          things: [a, b, c].map(({ index }) => scene.things[index]) as unknown as Triple,
        })),
    ),
  );
}

const namesOf = (phrase: Phrase): Named =>
  `${phrase.size === undefined ? '' : 'z'}${phrase.colour === undefined ? '' : 'c'}${phrase.shape === undefined ? '' : 's'}` as Named;

function claimOf(things: Triple, signature: Signature): Between {
  const [a, b, c] = things.map((thing, at) => describe(thing, signature[at] ?? 's'));
  return { type: 'between', a: a ?? {}, b: b ?? {}, c: c ?? {} };
}

type Drawn = readonly [Scene, Between];

/** The first drawing with the wanted answer. */
function find(wanted: Answer, draw: () => Drawn | undefined): Drawn | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const drawn = draw();
    if (drawn !== undefined && answerOf(drawn[0], { claim: drawn[1] }) === wanted) return drawn;
  }
  return undefined;
}

/** Three things of one scene. */
function anyThree(random: Random, scene: Scene): Triple | undefined {
  const left = scene.things.filter((thing) => !thing.hidden);
  if (left.length < 3) return undefined;
  return [0, 1, 2].map(() => left.splice(random.int(left.length), 1)[0]) as unknown as Triple;
}

/** "The star is between the two circles": one phrase matches two of the three things. */
function drawBetweenTwo(random: Random, scenes: readonly Scene[], rows: readonly Row[]): readonly Drawn[] {
  const signature: Signature = [random.pick(['s', 's', 'c', 'cs']), ...random.pick(TWICE)];
  const inRow = (): Drawn | undefined => {
    const { scene, things } = random.pick(rows);
    return twice([scene, claimOf(things, signature)]);
  };
  const anywhere = (): Drawn | undefined => {
    const scene = random.pick(scenes);
    const things = anyThree(random, scene);
    return things && twice([scene, claimOf(things, signature)]);
  };
  const found = [find('yes', inRow), find('no', anywhere), find('maybe', inRow)];
  return found.filter((drawn) => drawn !== undefined);
}

const TWICE = [
  ['s', 's'],
  ['s', 's'],
  ['cs', 'cs'],
  ['c', 'c'],
] as const;

const isTwice = ({ b, c }: Between): boolean => isSamePhrase(b, c);

const twice = (drawn: Drawn): Drawn | undefined => (isTwice(drawn[1]) ? drawn : undefined);

/**
 * Draws claims that one thing is between two others, one for each answer. All of them name the same attributes (only
 * shapes, for example, or colours too), so that these do not give away the answer. Of the false ones, some have the
 * three things in another order, some have three things that are not in a row, and some name things that do not
 * exist.
 *
 * @returns a scene and a meaning for each of yes, no and maybe; empty if the scenes do not allow one of them
 */
export function drawBetween(random: Random, scenes: readonly Scene[]): readonly (readonly [Scene, Meaning])[] {
  const rows = rowsIn(scenes);
  if (rows.length === 0) return [];
  if (random.chance(0.15)) {
    const drawn = drawBetweenTwo(random, scenes, rows);
    return drawn.length < 3 ? [] : drawn.map(([scene, claim]) => [scene, { claim }] as const);
  }
  const unclear = find('maybe', () => {
    const scene = random.pick(scenes);
    const { claim } = sampleMeaning(random, scene, 'between');
    return claim.type === 'between' && !isTwice(claim) ? [scene, claim] : undefined;
  });
  if (unclear === undefined) return [];
  const signature = [unclear[1].a, unclear[1].b, unclear[1].c].map(namesOf) as unknown as Signature;
  const middle = find('yes', () => {
    const { scene, things } = random.pick(rows);
    return [scene, claimOf(things, signature)];
  });
  if (middle === undefined) return [];
  const wrong = find('no', random.pick([swapped, outOfRow, elsewhere])(random, scenes, middle, signature));
  if (wrong === undefined) return [];
  if (isTwice(middle[1]) || isTwice(wrong[1])) return [];
  return [middle, wrong, unclear].map(([scene, claim]) => [scene, { claim }] as const);
}

type Draw = (random: Random, scenes: readonly Scene[], middle: Drawn, signature: Signature) => () => Drawn | undefined;

const swapped: Draw = (random, _, [scene, { a, b, c }]) => {
  return () => [scene, random.chance(0.5) ? { type: 'between', a: b, b: a, c } : { type: 'between', a: c, b, c: a }];
};

const outOfRow: Draw = (random, scenes, _, signature) => () => {
  const scene = random.pick(scenes);
  const things = anyThree(random, scene);
  return things && [scene, claimOf(things, signature)];
};

/** Usually from a scene in which one of the things is missing. */
const elsewhere: Draw =
  (random, scenes, [, claim]) =>
  () => [random.pick(scenes), claim];
