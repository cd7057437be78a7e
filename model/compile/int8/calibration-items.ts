import { createHash } from 'node:crypto';
import { UserError } from '../../errors.ts';
import { encodePrompt, type TextSettings } from '../../input/tokens.ts';
import type { Example } from '../../package/examples.ts';
import type { Manifest } from '../../package/manifest.ts';
import { selfTestImage } from '../../package/self-test.ts';
import type { Tokenizer } from '../../package/tokenizer.ts';
import { readRegular } from '../../regular-file.ts';
import { reasonOf } from '../../system-reason.ts';
import type { CalibrationItem } from './calibrate.ts';
import { MAX_PICTURES, picturesIn } from './calibration-pictures.ts';

/** Most questions about all pictures. */
const MAX_QUESTIONS = 64;
/** Generated pictures, where there are no others. */
const GENERATED = 16;
/** Seeds of the self-test's pictures are small. */
const FIRST_SEED = 1000;

/** Sentences for pictures that come without any. */
const SENTENCES = [
  'two people are outside.',
  'there is a red circle to the left of a small blue square in the picture',
  'no one is there',
  'a man in a blue shirt is standing on a ladder cleaning a window.',
  'it is raining.',
  'three children are playing football in a park while their parents watch from a bench.',
  'the dog is asleep',
  'a woman is selling fruit at a market stall, and she is not wearing a hat.',
  'someone is cooking dinner.',
  'there are more than ten cars in the street',
  'the building behind the trees has a green roof and at least four windows.',
  'nobody in this picture is smiling',
] as const;

/** Where the pictures come from. */
export interface CalibrationSource {
  /** A folder of pictures. */
  readonly folder?: string | undefined;
  /** The package's examples, which are used without a folder. */
  readonly examples: readonly Example[];
  readonly imageSize: number;
  readonly text: TextSettings;
  readonly tokenizer: Tokenizer;
}

/** The questions to calibrate with, and what the manifest says about them. */
export interface Calibration {
  readonly items: readonly CalibrationItem[];
  readonly record: NonNullable<Manifest['calibration']>;
}

/** A picture, and sentences about it if there are any. */
interface Picture {
  readonly pixels: Uint8Array;
  readonly sentences?: Example['sentences'];
}

/**
 * Reads the questions to calibrate with: about the pictures of a folder, or else about the package's examples, or else
 * about generated pictures.
 *
 * @throws UserError `input-unreadable` if a picture cannot be read, or the folder has none
 */
export async function calibrationItems(source: CalibrationSource): Promise<Calibration> {
  const sum = createHash('sha256');
  const { pictures, from } = await picturesOf(source, (bytes) => sum.update(bytes));
  const items: CalibrationItem[] = [];
  // First a sentence about each picture, then another one, as far as there are any.
  for (let round = 0; items.length < MAX_QUESTIONS; round++) {
    const asked = pictures.flatMap(({ pixels, sentences }, at) => {
      const sentence = sentences ? sentences[round] : round === 0 ? general(at) : undefined;
      return sentence ? [{ pixels, inputIds: tokensOf(source, sentence) }] : [];
    });
    if (asked.length === 0) break;
    items.push(...asked.slice(0, MAX_QUESTIONS - items.length));
  }
  return { items, record: { from, pictures: pictures.length, sha256: sum.digest('hex') } };
}

const general = (at: number): Example['sentences'][number] => ({ hypothesis: SENTENCES[at % SENTENCES.length] ?? '' });

function tokensOf({ tokenizer, text }: CalibrationSource, sentence: Example['sentences'][number]): readonly number[] {
  return encodePrompt(tokenizer, text, sentence.hypothesis, sentence.premise).ids;
}

async function picturesOf(
  { folder, examples, imageSize }: CalibrationSource,
  onBytes: (bytes: Uint8Array) => void,
): Promise<{ pictures: readonly Picture[]; from: Calibration['record']['from'] }> {
  if (folder !== undefined) {
    const files = await picturesIn(folder);
    return {
      pictures: await decodeAll(
        files.map((file) => ({ file })),
        imageSize,
        onBytes,
      ),
      from: 'folder',
    };
  }
  if (examples.length > 0) {
    return { pictures: await decodeAll(examples.slice(0, MAX_PICTURES), imageSize, onBytes), from: 'examples' };
  }
  const pictures = Array.from({ length: GENERATED }, (_, at) => ({
    pixels: selfTestImage(FIRST_SEED + at, imageSize),
  }));
  for (const { pixels } of pictures) onBytes(pixels);
  return { pictures, from: 'generated' };
}

async function decodeAll(
  sources: readonly (Pick<Example, 'file'> & Partial<Example>)[],
  size: number,
  onBytes: (bytes: Uint8Array) => void,
): Promise<Picture[]> {
  // The decoder takes a while to load, and other precisions do not need it.
  const { PixelsError, toPixels } = await import('../../input/pixels/pixels.ts');
  const pictures: Picture[] = [];
  for (const { file, sentences } of sources) {
    try {
      const bytes = await readRegular(file);
      onBytes(bytes);
      pictures.push({ pixels: await toPixels(bytes, size), ...(sentences ? { sentences } : {}) });
    } catch (error) {
      const reason = error instanceof PixelsError ? error.message : `It cannot be read: ${reasonOf(error)}.`;
      throw new UserError('input-unreadable', `${file} cannot be used for calibration. ${reason}`, { cause: error });
    }
  }
  return pictures;
}
