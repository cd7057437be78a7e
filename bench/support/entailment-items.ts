import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toPixels } from '../../model/input/pixels/pixels.ts';
import { encodePrompt } from '../../model/input/tokens.ts';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import { openPackage } from '../../model/package/open-package.ts';
import { selfTestImage } from '../../model/package/self-test.ts';
import { loadTokenizer } from '../../model/package/tokenizer.ts';
import { paddedLength } from '../../model/package/padded-length.ts';

const PHOTOS = ['astronaut', 'chelsea', 'coffee'];
/** Generated pictures beside the photos. */
const GENERATED = 5;
const SENTENCES = ['a dog is asleep.', 'two people are outside, and one of them is waving.', 'no one is there'];

/** A question: where the picture's pixels are, and its tokens. */
export interface EntailmentItem {
  /** File of RGB bytes [size, size, 3]. */
  readonly pixels: string;
  readonly size: number;
  /** `<s>` and `</s>` included. */
  readonly inputIds: readonly number[];
}

/** Questions about photos and generated pictures. */
export interface EntailmentItems {
  /** Without padding. */
  readonly items: readonly EntailmentItem[];
  /** The same, padded to the shortest of the package's lengths that fits. */
  readonly padded: readonly EntailmentItem[];
  /** Tokens of each answer, in the package's order. */
  readonly answers: readonly (readonly number[])[];
}

/**
 * Makes questions for a package.
 *
 * @param folder where the pixels are written
 */
export async function entailmentItems(folder: string, packageFolder: string): Promise<EntailmentItems> {
  const { dir, manifest } = await openPackage(packageFolder);
  const tokenizer = loadTokenizer(await readFile(join(dir, PACKAGE_FILES.tokenizer), 'utf8'));
  const { size } = manifest.image;
  const photos = PHOTOS.map(async (name) => {
    const file = fileURLToPath(new URL(`../../test/fixtures/photos/${name}.jpg`, import.meta.url));
    return toPixels(await readFile(file), size);
  });
  const generated = Array.from({ length: GENERATED }, (_, seed) => selfTestImage(seed, size));
  const items: EntailmentItem[] = [];
  for (const [at, bytes] of [...(await Promise.all(photos)), ...generated].entries()) {
    const pixels = join(folder, `${at}.rgb`);
    await writeFile(pixels, bytes);
    const { ids } = encodePrompt(tokenizer, manifest.text, SENTENCES[at % SENTENCES.length] ?? '');
    items.push({ pixels, size, inputIds: ids });
  }
  const { lengths, specialTokens } = manifest.text;
  const padded = items.map((item) => {
    const { inputIds } = item;
    const padding = new Array<number>(paddedLength(lengths, inputIds.length) - inputIds.length).fill(specialTokens.pad);
    return { ...item, inputIds: [...inputIds, ...padding] };
  });
  return { items, padded, answers: manifest.answers.map((answer) => tokenizer.encode(` ${answer}`)) };
}
