import { appendFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { closePixels, toPixels } from '../../service/inference/pixels.ts';
import { IMAGE_SIZE, exportPictures } from './export-pictures.ts';
import { exportSentences, exportVocabulary, readTokenizer } from './export-sentences.ts';
import { MAX_THINGS } from './world/scene.ts';
import { strangePicture } from './world/strange.ts';
import { PROGRAM } from './world/targets.ts';

/** Pictures without shapes, after the others. */
const STRANGE_PICTURES = 1500;
const HELD_OUT = { pictures: 3000, pairs: 6000 } as const;
const THING_FIELDS = 6;

interface Options {
  readonly out: string;
  readonly pictures: number;
  readonly shards: number;
  readonly pairs: number;
}

async function appendStrange(folder: string): Promise<void> {
  for (let seed = 0; seed < STRANGE_PICTURES; seed++) {
    const pixels = await toPixels(await strangePicture(seed), IMAGE_SIZE);
    const nothing = new Int16Array(MAX_THINGS * THING_FIELDS).fill(-1);
    await appendFile(path.join(folder, 'pictures.bin'), pixels);
    await appendFile(path.join(folder, 'things.bin'), Buffer.from(nothing.buffer));
  }
}

async function exportAll({ out, pictures, shards, pairs }: Options): Promise<void> {
  const [training, heldOut] = [path.join(out, 'training'), path.join(out, 'held-out')];
  await exportPictures(heldOut, 'held-out', HELD_OUT.pictures);
  await exportPictures(training, 'training', pictures);
  await appendStrange(training);
  await closePixels();

  const vocabulary = path.join(out, 'vocabulary');
  await exportVocabulary(vocabulary);
  const tokenizer = await readTokenizer(vocabulary);
  await writeFile(path.join(out, 'layout.json'), JSON.stringify({ program: PROGRAM }));
  const { pictures: pool, pairs: questions } = HELD_OUT;
  await exportSentences(heldOut, 'all', tokenizer, {
    split: 'held-out',
    seed: 900,
    pairs: questions,
    first: 0,
    pool,
  });
  const each = Math.floor(pictures / shards);
  for (let shard = 0; shard < shards; shard++) {
    await exportSentences(training, `s${shard}`, tokenizer, {
      split: 'training',
      seed: 100 + shard,
      pairs,
      first: shard * each,
      pool: each,
      strange: { first: pictures, count: STRANGE_PICTURES },
    });
    console.log(`sentences: shard ${shard + 1} of ${shards}`);
  }
}

const whole = (text: string): number => Number.parseInt(text, 10);

const program = new Command()
  .description('Draws the pictures and sentences that model/demo/train.py learns from.')
  .requiredOption('--out <folder>', 'where to put them; 2 GB with the defaults')
  .option('--pictures <count>', 'pictures to draw', whole, 48_000)
  .option('--shards <count>', 'files of sentences', whole, 8)
  .option('--pairs <count>', 'sentences in each', whole, 200_000);
await exportAll((await program.parseAsync()).opts<Options>());
