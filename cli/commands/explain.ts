import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import sharp from 'sharp';
import { UserError } from '../../model/errors.ts';
import { openPackage } from '../../model/package/open-package.ts';
import { paddedLength } from '../../service/engine/session/self-test.ts';
import { openTokenizer } from '../../service/inference/open-model.ts';
import { closePixels, PixelsError, toPixels } from '../../model/input/pixels/pixels.ts';
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

/** What the model sees of a text. */
interface Explanation {
  readonly prompt: string;
  readonly input_ids: readonly number[];
  /** The tokens as the vocabulary writes them: a space is `Ġ`. */
  readonly tokens: readonly string[];
  readonly truncated_words: number;
  readonly truncated_tokens: number;
  /** Tokens to which a batch with this text is padded. */
  readonly padded_length: number;
}

/** `ofa-ve explain`: what the model sees. */
export function explainCommand(): Command {
  return new Command('explain')
    .summary('show what the model sees')
    .description(
      'Shows what the model sees of a text and an image: prompt, tokens, what was cut off, pixels.',
    )
    .requiredOption('--model <package>', 'folder of the model package')
    .requiredOption('--text <text>', 'the hypothesis: what is judged')
    .option('--premise <text>', 'a text that is given as true')
    .option('--image <file>', 'image file whose pixels are written; needs --pixels')
    .option('--pixels <png>', 'PNG file to write the exact pixels to; needs --image')
    .option('--json', 'print JSON')
    .action(async (options: ExplainOptions, command: Command) => {
      if ((options.image === undefined) !== (options.pixels === undefined)) {
        command.error('error: --image and --pixels go together: the file to read and the PNG to write');
      }
      const { explanation, size } = await explain(options);
      const { image, pixels } = options;
      if (image !== undefined && pixels !== undefined) await writePixels(image, pixels, size);
      console.log(options.json ? JSON.stringify(explanation, null, 2) : toText(explanation));
      if (pixels !== undefined && !options.json) console.log(`pixels      ${pixels} (${size} x ${size})`);
    });
}

async function explain(options: ExplainOptions): Promise<{ explanation: Explanation; size: number }> {
  const modelPackage = await openPackage(options.model);
  const tokenizer = await openTokenizer(modelPackage);
  const { text, image } = modelPackage.manifest;
  // As the server: a premise without words is none.
  const premise = options.premise?.trim() === '' ? undefined : options.premise;
  const encoded = encodePrompt(tokenizer, text, options.text, premise);
  const explanation = {
    prompt: encoded.prompt,
    input_ids: encoded.ids,
    tokens: encoded.ids.map((id) => tokenizer.tokenString(id)),
    truncated_words: encoded.truncatedWords,
    truncated_tokens: encoded.truncatedTokens,
    padded_length: paddedLength(text.lengths, encoded.ids.length),
  };
  return { explanation, size: image.size };
}

async function writePixels(image: string, target: string, size: number): Promise<void> {
  const bytes = await readImageFile(image);
  try {
    const pixels = await toPixels(bytes, size);
    const png = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(target, png).catch((cause: unknown) => {
      throw new UserError(
        'output-not-writable',
        `Cannot write ${target}; give a path in a folder that exists.`,
        {
          cause,
        },
      );
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
  const rows = explanation.input_ids.map((id, index) => [
    String(index),
    String(id),
    explanation.tokens[index] ?? '',
  ]);
  const cut = `${explanation.truncated_words} words, ${explanation.truncated_tokens} tokens`;
  return [
    `prompt      ${JSON.stringify(explanation.prompt)}`,
    `cut off     ${cut}`,
    `padded to   ${explanation.padded_length} tokens`,
    'tokens',
    table(rows, ['end', 'end', 'start']),
  ].join('\n');
}
