import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import sharp from 'sharp';
import { UserError } from '../../model/errors.ts';
import { openPackage } from '../../model/package/open-package.ts';
import { paddedLength } from '../../service/engine/session/self-test.ts';
import { readSettings } from '../../service/settings/read.ts';
import { openTokenizer } from '../../service/inference/open-model.ts';
import { closePixels, PixelsError, toPixels, type OrientationMode } from '../../model/input/pixels/pixels.ts';
import { textWarnings } from '../../model/input/text-warnings.ts';
import { encodePrompt } from '../../model/input/tokens.ts';
import { table } from '../format.ts';
import { readImageFile } from '../image-file.ts';

interface ExplainOptions {
  readonly model: string;
  readonly text: string;
  readonly premise?: string;
  readonly image?: string;
  readonly pixels?: string;
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
  return new Command('explain')
    .summary("show the model's input")
    .description("Shows the model's input for a text and an image: prompt, tokens, what was truncated, pixels.")
    .requiredOption('--model <package>', 'folder of the model package')
    .requiredOption('--text <text>', 'the hypothesis to judge')
    .option('--premise <text>', 'a text assumed to be true')
    .option('--image <file>', 'image file to preprocess, upright unless IMAGE_ORIENTATION=stored; needs --pixels')
    .option('--pixels <png>', 'PNG file to write the exact input pixels to; needs --image')
    .option('--json', 'print JSON')
    .action(async (options: ExplainOptions, command: Command) => {
      if ((options.image === undefined) !== (options.pixels === undefined)) {
        command.error('error: --image and --pixels go together: the file to read and the PNG file to write');
      }
      const { explanation, size } = await explain(options);
      const { image, pixels } = options;
      const { IMAGE_ORIENTATION: orientation } = readSettings(process.env);
      if (image !== undefined && pixels !== undefined) await writePixels(image, pixels, size, orientation);
      console.log(options.json ? JSON.stringify(explanation, null, 2) : toText(explanation));
      if (pixels !== undefined && !options.json)
        console.log(`pixels      ${pixels} (${size} x ${size}, ${orientation})`);
    });
}

async function explain(options: ExplainOptions): Promise<{ explanation: Explanation; size: number }> {
  const modelPackage = await openPackage(options.model);
  const tokenizer = await openTokenizer(modelPackage);
  const { text, image } = modelPackage.manifest;
  // As in the service, a blank premise counts as none.
  const premise = options.premise?.trim() === '' ? undefined : options.premise;
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
    await writeFile(target, png).catch((cause: unknown) => {
      throw new UserError('output-not-writable', `Cannot write ${target}; give a path in a folder that exists.`, {
        cause,
      });
    });
  } catch (error) {
    if (error instanceof PixelsError) {
      throw new UserError('input-unreadable', `${image}: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    await closePixels();
  }
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
