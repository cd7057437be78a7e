import { appendFile, copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { closePixels, toPixels } from '../../model/input/pixels/pixels.ts';
import { IMAGE_SIZE, THING_FIELDS, exportPictures } from './export-pictures.ts';
import { exportSentences, exportVocabulary, readTokenizer } from './export-sentences.ts';
import { MAX_THINGS } from '../world/scene.ts';
import { strangePicture } from '../world/strange.ts';
import { PROGRAM } from '../world/program.ts';

/** Number of pictures without shapes, which come last. */
const STRANGE_PICTURES = 2500;
const HELD_OUT = { pictures: 3000, pairs: 6000 } as const;

interface Options {
  readonly out: string;
  readonly pictures: number;
  readonly firstSeed: number;
  readonly shards: number;
  readonly pairs: number;
  readonly vocabulary?: string;
  readonly part?: 'pictures' | 'sentences';
}

async function appendStrange(folder: string): Promise<void> {
  for (let seed = 0; seed < STRANGE_PICTURES; seed++) {
    const pixels = await toPixels(await strangePicture(seed), IMAGE_SIZE);
    const nothing = new Int16Array(MAX_THINGS * THING_FIELDS).fill(-1);
    await appendFile(path.join(folder, 'pictures.bin'), pixels);
    await appendFile(path.join(folder, 'things.bin'), Buffer.from(nothing.buffer));
  }
}

async function exportAllPictures({ out, pictures, firstSeed }: Options): Promise<void> {
  const training = path.join(out, 'training');
  await exportPictures(path.join(out, 'held-out'), 'held-out', HELD_OUT.pictures);
  await exportPictures(training, 'training', pictures, firstSeed);
  await appendStrange(training);
  await closePixels();
}

/** Copies the vocabulary of an earlier model, to continue its training, or makes a new one. */
async function makeVocabulary(folder: string, given: string | undefined): Promise<void> {
  if (given === undefined) {
    await exportVocabulary(folder);
    return;
  }
  await mkdir(folder, { recursive: true });
  for (const name of ['vocab.json', 'merges.txt']) await copyFile(path.join(given, name), path.join(folder, name));
}

async function exportAllSentences({ out, pictures, firstSeed, shards, pairs, vocabulary }: Options): Promise<void> {
  const folder = path.join(out, 'vocabulary');
  await makeVocabulary(folder, vocabulary);
  const tokenizer = await readTokenizer(folder);
  await writeFile(path.join(out, 'layout.json'), JSON.stringify({ program: PROGRAM }));
  await exportSentences(path.join(out, 'held-out'), 'all', tokenizer, {
    split: 'held-out',
    seed: 900,
    pairs: HELD_OUT.pairs,
    first: 0,
    pool: HELD_OUT.pictures,
  });
  const each = Math.floor(pictures / shards);
  for (let shard = 0; shard < shards; shard++) {
    await exportSentences(path.join(out, 'training'), `s${shard}`, tokenizer, {
      split: 'training',
      seed: 100 + shard,
      pairs,
      first: shard * each,
      firstSeed,
      pool: each,
      strange: { first: pictures, count: STRANGE_PICTURES },
    });
    console.log(`sentences: shard ${shard + 1} of ${shards}`);
  }
}

async function exportAll(options: Options): Promise<void> {
  const { out, part } = options;
  await mkdir(out, { recursive: true });
  if (part !== 'sentences') await exportAllPictures(options);
  if (part !== 'pictures') await exportAllSentences(options);
}

const whole = (text: string): number => Number.parseInt(text, 10);

const program = new Command()
  .description('Draws the pictures and sentences that demo/training/train.py learns from.')
  .requiredOption('--out <folder>', 'output folder; needs 2 GB with the defaults')
  .option('--pictures <count>', 'pictures to draw', whole, 48_000)
  .option(
    '--first-seed <seed>',
    'seed of the first picture; use new seeds to continue the training of a model',
    whole,
    0,
  )
  .option('--shards <count>', 'number of files of sentences', whole, 8)
  .option('--pairs <count>', 'sentences per file', whole, 200_000)
  .option('--vocabulary <folder>', 'use the vocabulary of this checkpoint, to continue its training')
  .addOption(
    new Option('--part <part>', 'export only this part, so that two processes can share the work').choices([
      'pictures',
      'sentences',
    ]),
  );
await exportAll((await program.parseAsync()).opts<Options>());
