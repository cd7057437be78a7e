import { Command } from 'commander';
import { echo } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { IMAGE_FORMATS } from '../../model/image-format.ts';
import { readSettings } from '../../service/settings/read.ts';
import type { Answer } from '../../service/inference/answer.ts';
import { openModel, type OpenModel } from '../../service/inference/open-model.ts';
import { answerFields } from '../answer-fields.ts';
import { answered } from '../answered.ts';
import { hypothesis } from '../../model/options/hypothesis.ts';
import { readImageFile } from '../image-file.ts';
import { chosenModel, type ModelOptions, withModelOptions } from '../model-options.ts';

interface PredictOptions extends ModelOptions {
  readonly image: string;
  readonly text: string;
  readonly premise?: string;
  readonly json?: true;
}

const BAR_WIDTH = 40;

/** `ofa-ve predict`: one answer, without a server. */
export function predictCommand(): Command {
  return withModelOptions(new Command('predict'))
    .summary('answer once, without a server')
    .description('Judges whether an image entails a text, exactly as the server does, and prints the answer.')
    .requiredOption('--image <file>', `image file: ${IMAGE_FORMATS}; judged upright unless IMAGE_ORIENTATION=stored`)
    .requiredOption('--text <text>', 'the hypothesis to judge', hypothesis)
    .option('--premise <text>', 'a text assumed to be true')
    .option('--json', 'print JSON')
    .action(async (options: PredictOptions, command: Command) => {
      const folder = await chosenModel(options, command);
      const image = await readImageFile(options.image);
      // One engine is enough, even with several GPUs.
      const model = await openModel(folder, readSettings({ ...process.env, ENGINES: '1' }));
      try {
        const answer = await judge(model, image, options);
        console.log(options.json ? JSON.stringify(toJson(model, answer), null, 2) : toText(answer));
      } finally {
        await model.close();
      }
    });
}

async function judge(model: OpenModel, image: Uint8Array, options: PredictOptions): Promise<Answer> {
  const { signal } = new AbortController();
  const request = { image, hypotheses: [options.text], premise: options.premise, signal };
  const [answer] = await answered(() => model.failFast(model.predictor.predict(request)));
  if (answer === undefined) throw new UserError('engine-failed', 'The engine gave no answer.');
  return answer;
}

function toJson({ predictor }: OpenModel, answer: Answer): object {
  const { name, precision, digest, labels } = predictor.model;
  return { ...answerFields(answer), labels, model: { name, precision, digest } };
}

function toText(answer: Answer): string {
  const scores = Object.entries(answer.scores).map(([label, score]) => [echo(label), score] as const);
  const width = Math.max(...scores.map(([label]) => label.length));
  const rows = scores.map(([label, score]) => {
    const bar = '#'.repeat(Math.round(score * BAR_WIDTH));
    return `  ${label.padEnd(width)}  ${(score * 100).toFixed(1).padStart(5)} %  ${bar}`.trimEnd();
  });
  return [echo(answer.label), ...rows].join('\n');
}
