import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildPrompt, encodePrompt } from '../../model/input/tokens.ts';
import { buildTokenizerJson, loadTokenizer, type Tokenizer } from '../../model/package/tokenizer.ts';
import { learnVocabulary } from './bpe.ts';
import { ANSWERS } from '../answers.ts';
import { KINDS, type Claim, type Kind } from '../world/claims.ts';
import { contrastsOf } from '../world/contrasts.ts';
import { outsideWords } from '../world/everyday-words.ts';
import { noClaim } from '../world/language/no-claim.ts';
import { remarked } from '../world/language/remarks.ts';
import { drawLong } from '../world/long.ts';
import { drawOutside } from '../world/outside.ts';
import { drawPairs, pairMeaning, type Pair } from '../world/pairs.ts';
import { phrase, unique } from '../world/phrases.ts';
import { hash, seeded, type Random } from '../world/random.ts';
import { list } from '../world/sample-compound.ts';
import { sceneOf, type Scene, type Split } from '../world/scene.ts';
import { strangeSentence } from '../world/strange.ts';
import { PROGRAM } from '../world/program.ts';
import { targetsOf } from '../world/targets.ts';
import { CLAIM_COLUMNS, ClaimColumns } from './claim-columns.ts';
import { TEXT } from './text.ts';

const MERGES = 700;

/** How often each kind is drawn for training. Kinds that are harder to learn are drawn more often. */
const SHARES: Readonly<Record<Kind, number>> = {
  existence: 4,
  colour: 5,
  size: 5,
  shape: 5,
  count: 16,
  spatial: 20,
  between: 18,
  comparison: 18,
  negation: 12,
  conjunction: 30,
  disjunction: 16,
  universal: 12,
  undecidable: 7,
  premise: 18,
};
const BAG = KINDS.flatMap((kind) => new Array<Kind>(SHARES[kind]).fill(kind));

/** Number of scenes from which the sentences of a shard choose their pictures. */
const POOL = 6000;

/** Sets of sentences apart from the kinds, which a row names after the kinds. */
const SETS = ['strange', 'outside', 'long', 'none'] as const;
type SetName = (typeof SETS)[number];

/**
 * Sentences of these sets before each meaning of a kind, on average. A meaning gives two to three sentences, a count of
 * none two.
 */
const EACH: Readonly<Record<SetName, number>> = { strange: 0.3, outside: 0.7, long: 1.4, none: 0.07 };
/** The same of what these kinds have seldom: lists, and claims about what is outside the picture. */
const LISTS = 0.6;
const ELSEWHERE = 0.2;
/** Of the long sentences, the share that may be shorter: their claims are learned first. */
const SHORTER = 0.5;
/** Share of the ordinary sentences to which a remark in words from outside the world is added. */
const REMARKS = 0.85;
/** Of the strange ones, the share with a picture without shapes, and of the others that with no claim. */
const STRANGE_PICTURES = 0.28;
const NO_CLAIM = 0.85;

const promptOf = (hypothesis: string, premise?: string): string => buildPrompt(TEXT, hypothesis, premise).prompt;

/** Learns a vocabulary from new sentences and writes `vocab.json` and `merges.txt`. */
export async function exportVocabulary(folder: string): Promise<void> {
  const random = seeded(11);
  const scenes = Array.from({ length: 1500 }, (_, seed) => sceneOf(seed, 'training'));
  const texts: string[] = [];
  while (texts.length < 60_000) {
    for (const pair of drawPairs(random, scenes, random.pick(BAG))) texts.push(promptOf(pair.hypothesis, pair.premise));
    if (random.chance(0.02)) texts.push(promptOf(strangeSentence(random)));
  }
  const { vocabJson, mergesText } = learnVocabulary(texts, MERGES);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'vocab.json'), vocabJson);
  await writeFile(path.join(folder, 'merges.txt'), mergesText);
}

/** The tokenizer of the vocabulary in a folder. */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const [vocab, merges] = await Promise.all(
    ['vocab.json', 'merges.txt'].map((name) => readFile(path.join(folder, name), 'utf8')),
  );
  return loadTokenizer(buildTokenizerJson(vocab ?? '', merges ?? ''));
}

/**
 * Columns of a row: picture, kind, answer (-1: none is correct), token offset and count, 2 parts, 4 sets, claims,
 * program.
 */
const COLUMNS = 5 + 2 + 8 + CLAIM_COLUMNS + PROGRAM.length;

/** A sentence for training: a pair and the set it belongs to, if not to its kind. */
interface Drawn {
  readonly pair: Pair;
  readonly set?: SetName;
}

function row(
  { pair, set }: Drawn,
  picture: number,
  offset: number,
  ids: readonly number[],
  claims: ClaimColumns,
): number[] {
  const targets = targetsOf(pair.scene, pair.meaning);
  return [
    picture,
    set === undefined ? KINDS.indexOf(pair.kind) : KINDS.length + SETS.indexOf(set),
    ANSWERS.indexOf(pair.answer),
    offset,
    ids.length,
    ...targets.parts,
    ...targets.sets.flatMap((each) => [each.certain, each.possible]),
    ...claims.of(pair, ids),
    ...targets.program,
  ];
}

/** A row without targets: no answer is correct, and the target is a uniform distribution. */
const strangeRow = (picture: number, offset: number, count: number): number[] => [
  picture,
  KINDS.length + SETS.indexOf('strange'),
  -1,
  offset,
  count,
  ...new Array<number>(COLUMNS - 5).fill(-1),
];

/** How to draw the pairs of a shard. */
export interface ShardOptions {
  readonly split: Split;
  readonly seed: number;
  readonly pairs: number;
  /** Index of the shard's first picture. */
  readonly first: number;
  /** Seed of the picture with index 0. @default 0 */
  readonly firstSeed?: number;
  readonly pool?: number;
  /** Index of the first strange picture, and their number; without them, every picture has shapes. */
  readonly strange?: { readonly first: number; readonly count: number };
}

/** As many sentences of a set as EACH says, on average. */
function* some(random: Random, set: SetName, draw: () => readonly Pair[]): Generator<Drawn> {
  for (let left = EACH[set]; left > 0; left--) {
    if (random.chance(left)) for (const pair of draw()) yield { pair, set };
  }
}

/** A claim about one of the scenes, with a picture for each answer. */
function drawClaim(
  random: Random,
  scenes: readonly Scene[],
  kind: Kind,
  claimAbout: (scene: Scene) => Claim,
): readonly Pair[] {
  const scene = random.pick(scenes);
  return pairMeaning(random, scenes, scene, kind, { claim: claimAbout(scene) });
}

/** "There are 0 stars". */
const drawNone = (random: Random, scenes: readonly Scene[]): readonly Pair[] =>
  drawClaim(random, scenes, 'count', (scene) => ({ type: 'count', a: phrase(random, scene), op: 'exactly', n: 0 }));

/** "Two stars and three hearts". */
const drawList = (random: Random, scenes: readonly Scene[]): readonly Pair[] =>
  drawClaim(random, scenes, 'conjunction', (scene) => list(random, scene));

/** "There is a star outside the frame". */
const drawElsewhere = (random: Random, scenes: readonly Scene[]): readonly Pair[] =>
  drawClaim(random, scenes, 'undecidable', (scene) => ({ type: 'elsewhere', a: unique(random, scene) }));

function* draw(random: Random, scenes: readonly Scene[], split: Split): Generator<Drawn> {
  const words = outsideWords(split);
  for (;;) {
    const pairs = drawPairs(random, scenes, random.pick(BAG));
    for (const pair of pairs) {
      yield { pair };
      if (split === 'training') for (const contrast of contrastsOf(random, pair)) yield { pair: contrast };
    }
    if (random.chance(LISTS)) for (const pair of drawList(random, scenes)) yield { pair };
    if (random.chance(ELSEWHERE)) for (const pair of drawElsewhere(random, scenes)) yield { pair };
    yield* some(random, 'strange', () => pairs.slice(0, 1));
    yield* some(random, 'outside', () => [drawOutside(random, scenes, words)]);
    yield* some(random, 'long', () => [drawLong(random, scenes, random.chance(SHORTER) ? 6 : undefined)]);
    yield* some(random, 'none', () => drawNone(random, scenes));
  }
}

/** What a strange row is about: a picture without shapes and an ordinary sentence, or the opposite. */
function strangeText(random: Random, { scene }: Pair, split: Split): string {
  return random.chance(NO_CLAIM) ? noClaim(random, scene, outsideWords(split)) : strangeSentence(random);
}

/**
 * Writes `<name>.rows.bin` (int32, COLUMNS per row) and `<name>.ids.bin` (uint16 token ids of all texts).
 */
export async function exportSentences(
  folder: string,
  name: string,
  tokenizer: Tokenizer,
  options: ShardOptions,
): Promise<void> {
  const { firstSeed = 0, split, strange } = options;
  const random = seeded(hash(options.seed + firstSeed, 5));
  const claims = new ClaimColumns(tokenizer);
  const scenes = Array.from({ length: options.pool ?? POOL }, (_, i) => sceneOf(firstSeed + options.first + i, split));
  const rows = new Int32Array(options.pairs * COLUMNS);
  const ids: number[] = [];
  let made = 0;
  for (const drawn of draw(random, scenes, split)) {
    if (made === options.pairs) break;
    const { pair, set } = drawn;
    const isStrange = set === 'strange';
    const noShapes = isStrange && strange !== undefined && random.chance(STRANGE_PICTURES);
    const { hypothesis, premise } =
      isStrange && !noShapes ? { hypothesis: strangeText(random, pair, split), premise: undefined } : pair;
    const hasRemark = split === 'training' && set === undefined && random.chance(REMARKS);
    const words = hasRemark ? remarked(random, hypothesis, outsideWords(split)) : hypothesis;
    const text = encodePrompt(tokenizer, TEXT, words, premise);
    const own = pair.scene.seed - firstSeed;
    const picture = noShapes ? strange.first + random.int(strange.count) : own;
    const values = isStrange
      ? strangeRow(picture, ids.length, text.ids.length)
      : row(drawn, own, ids.length, text.ids, claims);
    rows.set(values, made * COLUMNS);
    for (const id of text.ids) ids.push(id);
    made++;
  }
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${name}.rows.bin`), rows);
  await writeFile(path.join(folder, `${name}.ids.bin`), Uint16Array.from(ids));
}
