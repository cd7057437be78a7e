import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildPrompt, encodePrompt, type TextSettings } from '../../model/input/tokens.ts';
import { buildTokenizerJson, loadTokenizer, type Tokenizer } from '../../model/package/tokenizer.ts';
import { learnVocabulary } from './bpe.ts';
import { ANSWERS } from '../answers.ts';
import { KINDS, type Kind } from '../world/claims.ts';
import { contrastsOf } from '../world/contrasts.ts';
import { drawPairs, type Pair } from '../world/pairs.ts';
import { hash, seeded, type Random } from '../world/random.ts';
import { sceneOf, type Scene, type Split } from '../world/scene.ts';
import { strangeSentence } from '../world/strange.ts';
import { PROGRAM } from '../world/program.ts';
import { targetsOf } from '../world/targets.ts';

/** The text settings of the checkpoint. The service reads them from the compiled package. */
export const TEXT: TextSettings = {
  prompts: {
    hypothesis: ' does the image describe " {} "?',
    premise: ' can image and text1 " {} " imply text2 " {} "?',
  },
  maxWords: 80,
  maxTokens: 80,
  lengths: [82],
  specialTokens: { bos: 0, pad: 1, eos: 2 },
};

const MERGES = 700;

/** How often each kind is drawn for training. Kinds that are harder to learn are drawn more often. */
const SHARES: Readonly<Record<Kind, number>> = {
  existence: 6,
  colour: 7,
  size: 6,
  shape: 6,
  count: 13,
  spatial: 22,
  between: 20,
  comparison: 15,
  negation: 12,
  conjunction: 17,
  disjunction: 10,
  universal: 12,
  undecidable: 7,
  premise: 24,
};
const BAG = KINDS.flatMap((kind) => new Array<Kind>(SHARES[kind]).fill(kind));

/** Number of scenes from which the sentences of a shard choose their pictures. */
const POOL = 6000;

/** Pairs per thousand with a sentence or a picture that is not from the demo world. */
const STRANGE = 40;

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

/** Columns of a row: picture, kind, answer (-1: none is correct), token offset and count, 2 parts, 4 sets, program. */
const COLUMNS = 5 + 2 + 8 + PROGRAM.length;

function row(pair: Pair, picture: number, offset: number, count: number): number[] {
  const targets = targetsOf(pair.scene, pair.meaning);
  return [
    picture,
    KINDS.indexOf(pair.kind),
    ANSWERS.indexOf(pair.answer),
    offset,
    count,
    ...targets.parts,
    ...targets.sets.flatMap((set) => [set.certain, set.possible]),
    ...targets.program,
  ];
}

/** A row without targets: no answer is correct, and the target is a uniform distribution. */
const strangeRow = (picture: number, offset: number, count: number): number[] => [
  picture,
  KINDS.length,
  -1,
  offset,
  count,
  ...new Array<number>(10).fill(-1),
  ...new Array<number>(PROGRAM.length).fill(-1),
];

/** How to draw the pairs of a shard. */
export interface ShardOptions {
  readonly split: Split;
  readonly seed: number;
  readonly pairs: number;
  /** Index of the shard's first picture. */
  readonly first: number;
  /** Seed of the picture with index 0. Default: 0. */
  readonly firstSeed?: number;
  readonly pool?: number;
  /** Index of the first strange picture, and their number. */
  readonly strange?: { readonly first: number; readonly count: number };
  /** Whether to use only meanings that occur with every answer. */
  readonly complete?: boolean;
}

function* draw(random: Random, scenes: readonly Scene[], options: ShardOptions): Generator<Pair | undefined> {
  for (;;) {
    for (const pair of drawPairs(random, scenes, random.pick(BAG), options.complete)) {
      if (options.strange !== undefined && random.int(1000) < STRANGE) yield undefined;
      yield pair;
      if (options.split === 'training') yield* contrastsOf(random, pair);
    }
  }
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
  const { firstSeed = 0 } = options;
  const random = seeded(hash(options.seed + firstSeed, 5));
  const scenes = Array.from({ length: options.pool ?? POOL }, (_, i) =>
    sceneOf(firstSeed + options.first + i, options.split),
  );
  const rows = new Int32Array(options.pairs * COLUMNS);
  const ids: number[] = [];
  let made = 0;
  let last: Pair | undefined;
  for (const pair of draw(random, scenes, options)) {
    if (made === options.pairs) break;
    const odd = pair === undefined && options.strange !== undefined && last !== undefined;
    const source = pair ?? last;
    if (source === undefined) continue;
    const words = odd && random.chance(0.5) ? strangeSentence(random) : undefined;
    const text = encodePrompt(
      tokenizer,
      TEXT,
      words ?? source.hypothesis,
      words === undefined ? source.premise : undefined,
    );
    const { strange } = options;
    const own = source.scene.seed - firstSeed;
    const picture =
      odd && words === undefined && strange !== undefined ? strange.first + random.int(strange.count) : own;
    const values = odd
      ? strangeRow(picture, ids.length, text.ids.length)
      : row(source, own, ids.length, text.ids.length);
    rows.set(values, made * COLUMNS);
    for (const id of text.ids) ids.push(id);
    made++;
    last = source;
  }
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${name}.rows.bin`), rows);
  await writeFile(path.join(folder, `${name}.ids.bin`), Uint16Array.from(ids));
}
