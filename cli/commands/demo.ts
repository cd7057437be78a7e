import path from 'node:path';
import { Command } from 'commander';
import { openLocalModel, type LocalModel } from '../../demo/local-model.ts';
import { readExamples, type Example } from '../../demo/examples.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { table } from '../format.ts';
import { readImageFile } from '../image-file.ts';

/** `ofa-ve demo`: answers the example pictures with the demo model. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('answer the example pictures with the demo model')
    .description(
      'Answers the example pictures with the small demo model that ships with ofa-ve, compiling it first if necessary.',
    )
    .action(async () => {
      const model = await openLocalModel(await demoPackage());
      try {
        const rows: string[][] = [];
        const examples = await readExamples();
        for (const example of examples) rows.push(...(await answer(model, example)));
        const head = ['picture', 'sentence', 'answer', 'confidence', ''];
        console.log(table([head, ...rows], ['start', 'start', 'start', 'end', 'start']));
        const wrong = rows.filter((row) => row[4] !== '').length;
        console.log(`\n${rows.length - wrong} of ${rows.length} right. ${whereabouts(examples)}`);
      } finally {
        await model.close();
      }
    });
}

/** Where the pictures are, from here: an installed package has them elsewhere than a clone. */
function whereabouts([first]: readonly Example[]): string {
  return first === undefined ? '' : `The pictures are in ${path.relative('', path.dirname(first.file))}/.`;
}

async function answer(model: LocalModel, { file, sentences }: Example): Promise<string[][]> {
  const image = await readImageFile(file);
  const rows: string[][] = [];
  for (const [index, { premise, hypothesis, answer }] of sentences.entries()) {
    const found = await model.ask(image, hypothesis, premise);
    rows.push([
      index === 0 ? path.basename(file) : '',
      premise === undefined ? hypothesis : `(${premise}) ${hypothesis}`,
      found.label,
      `${(100 * found.confidence).toFixed(0)} %`,
      found.label === answer ? '' : `expected ${answer}`,
    ]);
  }
  return rows;
}
