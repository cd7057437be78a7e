import path from 'node:path';
import { Command } from 'commander';
import { openAsking, type Asking } from '../../demo/ask.ts';
import { readExamples, type Example } from '../../demo/examples.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { table } from '../format.ts';
import { readImageFile } from '../image-file.ts';

/** `ofa-ve demo`: the model that ships with the repository answers its example pictures. */
export function demoCommand(): Command {
  return new Command('demo')
    .summary('answer the example pictures with the model that ships')
    .description(
      'Compiles the small model that ships with ofa-ve, if need be, and answers its example pictures.',
    )
    .action(async () => {
      const asking = await openAsking(await demoPackage());
      try {
        const rows: string[][] = [];
        for (const example of await readExamples()) rows.push(...(await answer(asking, example)));
        const head = ['picture', 'sentence', 'answer', 'sure', ''];
        console.log(table([head, ...rows], ['start', 'start', 'start', 'end', 'start']));
        const wrong = rows.filter((row) => row[4] !== '').length;
        console.log(`\n${rows.length - wrong} of ${rows.length} right; the pictures: demo/examples/`);
      } finally {
        await asking.close();
      }
    });
}

async function answer(asking: Asking, { file, sentences }: Example): Promise<string[][]> {
  const image = await readImageFile(file);
  const rows: string[][] = [];
  for (const [index, { premise, hypothesis, answer }] of sentences.entries()) {
    const found = await asking.ask(image, hypothesis, premise);
    rows.push([
      index === 0 ? path.basename(file) : '',
      premise === undefined ? hypothesis : `(${premise}) ${hypothesis}`,
      found.label,
      `${(100 * found.confidence).toFixed(0)} %`,
      found.label === answer ? '' : `should be ${answer}`,
    ]);
  }
  return rows;
}
