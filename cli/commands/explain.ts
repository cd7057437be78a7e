import { open, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import sharp from 'sharp';
import { echo } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { notWritten } from '../../model/not-written.ts';
import { openPackage } from '../../model/package/open-package.ts';
import { paddedLength } from '../../model/package/padded-length.ts';
import { readSettings } from '../../service/settings/read.ts';
import type { Explained } from '../../service/inference/explainer.ts';
import { openModel, openTokenizer } from '../../service/inference/open-model.ts';
import { closePixels, PixelsError, toPixels, type OrientationMode } from '../../model/input/pixels/pixels.ts';
import { textWarnings } from '../../model/input/text-warnings.ts';
import { encodePrompt, isBlank } from '../../model/input/tokens.ts';
import { answerFields } from '../answer-fields.ts';
import { answered } from '../answered.ts';
import { table } from '../format.ts';
import { describePeak, drawHeatmap } from '../heatmap.ts';
import { hypothesis } from '../../model/options/hypothesis.ts';
import { readImageFile } from '../image-file.ts';
import { chosenModel, type ModelOptions, withModelOptions } from '../model-options.ts';

interface ExplainOptions extends ModelOptions {
  readonly text: string;
  readonly premise?: string;
  readonly image?: string;
  readonly pixels?: string;
  readonly heatmap?: string;
  readonly json?: true;
}

/** A text as the model's input. */
interface Explanation {
  readonly prompt: string;
  readonly input_ids: readonly number[];
  /** The tokens as spelled in the vocabulary, where a space is `Ġ`. */
  readonly tokens: readonly string[];
  readonly truncated_words: number;
  readonly truncated_tokens: number;
  /** Tokens to which the text is padded in a batch. */
  readonly padded_length: number;
  readonly warnings: readonly { readonly code: string; readonly field: string; readonly detail: string }[];
}

/** `ofa-ve explain`: shows the model's input for a text and an image. */
export function explainCommand(): Command {
  return withModelOptions(new Command('explain'))
    .summary("show the model's input, and what decides its answer")
    .description(
      "Shows the model's input for a text and an image (prompt, tokens, what was truncated, pixels), and which parts " +
        'of the image decide the answer.',
    )
    .requiredOption('--text <text>', 'the hypothesis to judge', hypothesis)
    .option('--premise <text>', 'a text assumed to be true')
    .option('--image <file>', 'image file, upright unless IMAGE_ORIENTATION=stored; for --pixels or --heatmap')
    .option('--pixels <png>', 'PNG file to write the exact input pixels to; needs --image')
    .option(
      '--heatmap <png>',
      'PNG file to write a map of the parts of the image that decide the answer to; needs --image',
    )
    .option('--json', 'print JSON')
    .action(async (options: ExplainOptions, command: Command) => {
      const { image, pixels, heatmap } = options;
      if ((image === undefined) !== (pixels === undefined && heatmap === undefined)) {
        command.error('error: --image goes with --pixels or --heatmap: the file to read and the PNG file to write');
      }
      const taken = await takenTwice([image, pixels, heatmap]);
      if (taken !== undefined) {
        command.error(`error: ${taken} would be overwritten: --image, --pixels and --heatmap must be different files`);
      }
      const folder = await chosenModel(options, command);
      const { explanation, size } = await explain(folder, options);
      const { IMAGE_ORIENTATION: orientation } = readSettings(process.env);
      if (image !== undefined && pixels !== undefined) await writePixels(image, pixels, size, orientation);
      const explained =
        image !== undefined && heatmap !== undefined ? await writeHeatmap(image, heatmap, folder, options) : undefined;
      if (options.json) {
        const answered = explained && { answer: answerFields(explained.answer), heatmap: explained.heatmap };
        console.log(JSON.stringify({ ...explanation, ...answered }, null, 2));
        return;
      }
      console.log(toText(explanation));
      if (pixels !== undefined) console.log(`pixels      ${pixels} (${size} x ${size}, ${orientation})`);
      if (explained !== undefined) console.log(`heatmap     ${heatmap}: ${describeExplained(explained)}`);
    });
}

/** The first file that is the same as an earlier one, by whatever path or link. */
async function takenTwice(files: readonly (string | undefined)[]): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const file of files) {
    if (file === undefined) continue;
    const place = await realpath(file).catch(() => path.resolve(file));
    if (seen.has(place)) return file;
    seen.add(place);
  }
  return undefined;
}

async function explain(folder: string, options: ExplainOptions): Promise<{ explanation: Explanation; size: number }> {
  const modelPackage = await openPackage(folder);
  const tokenizer = await openTokenizer(modelPackage);
  const { text, image } = modelPackage.manifest;
  // As in the service, a premise without words counts as none.
  const premise = isBlank(options.premise) ? undefined : options.premise;
  const encoded = encodePrompt(tokenizer, text, options.text, premise);
  const explanation = {
    prompt: encoded.prompt,
    input_ids: encoded.ids,
    tokens: encoded.ids.map((id) => tokenizer.tokenString(id)),
    truncated_words: encoded.truncatedWords,
    truncated_tokens: encoded.truncatedTokens,
    padded_length: paddedLength(text.lengths, encoded.ids.length),
    warnings: textWarnings(text, encoded, options.text, premise).map(({ code, field, problem }) => {
      return { code, field, detail: `The ${field} ${problem}.` };
    }),
  };
  return { explanation, size: image.size };
}

async function writePixels(image: string, target: string, size: number, orientation: OrientationMode): Promise<void> {
  const bytes = await readImageFile(image);
  try {
    const pixels = await toPixels(bytes, size, { orientation });
    const png = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toBuffer();
    await writePng(target, png);
  } catch (error) {
    if (error instanceof PixelsError) {
      throw new UserError('input-unreadable', `${image}: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await closePixels();
  }
}

/** Writes a file. Where it can be made but not written, as on a full disk, nothing is left of it. */
async function writePng(target: string, png: Buffer): Promise<void> {
  try {
    const handle = await open(target, 'w');
    try {
      await handle.writeFile(png);
    } catch (error) {
      // The file itself, not a link to it.
      if ((await handle.stat()).isFile()) await rm(await realpath(target)).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw notWritten(target, cause);
  }
}

/** Judges the text and writes the heatmap of the answer. */
async function writeHeatmap(file: string, target: string, folder: string, options: ExplainOptions): Promise<Explained> {
  const image = await readImageFile(file);
  // Nobody waits for a request here, so it may take as long as it does.
  const settings = readSettings({ ...process.env, ENGINES: '1', REQUEST_TIMEOUT_MS: '3600000' });
  const model = await openModel(folder, settings);
  try {
    const { signal } = new AbortController();
    const { text: hypothesis, premise } = options;
    const request = { image, hypothesis, premise, signal };
    const explained = await answered(() => model.failFast(model.explainer.explain(request)));
    const pixels = await answered(() => model.predictor.preprocess(image, signal));
    await writePng(target, await drawHeatmap(pixels, model.predictor.model.imageSize, explained.heatmap));
    return explained;
  } finally {
    await model.close();
  }
}

function describeExplained({ answer, heatmap }: Explained): string {
  return `${echo(answer.label)} (${answer.confidence.toFixed(3)}), most ${describePeak(heatmap)}`;
}

function toText(explanation: Explanation): string {
  const { input_ids: ids, tokens } = explanation;
  const rows = ids.map((id, index) => [String(index), String(id), tokens[index] ?? '']);
  return [
    `prompt      ${JSON.stringify(explanation.prompt)}`,
    `truncated   ${explanation.truncated_words} words, ${explanation.truncated_tokens} tokens`,
    `padded to   ${explanation.padded_length} tokens`,
    ...explanation.warnings.map(({ detail }) => `warning     ${detail}`),
    'tokens',
    table(rows, ['end', 'end', 'start']),
  ].join('\n');
}
