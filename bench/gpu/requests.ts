import sharp from 'sharp';
import { SeededRandom } from '../../testing/random.ts';

/** As large as the pictures of SNLI-VE, which are Flickr's. */
const PICTURE = { width: 500, height: 375 } as const;
/** Blobs of colour that are blown up to the picture, so that its file is as large as a photo's. */
const BLOBS = { width: 80, height: 60 } as const;
const SENTENCES = 4;
/** Words of a sentence: SNLI's have seven or eight, and some three times as many. */
const WORDS = { fewest: 3, most: 24 } as const;
const VOCABULARY =
  'a the man woman dog two children are is in on near with red blue small large playing standing water street not nobody'.split(
    ' ',
  );

/**
 * Bodies of requests for so many clients at a time. No two clients have a picture or a sentence in common: the service
 * decodes and sends a picture once for all who ask about it at the same time, which real clients hardly ever do.
 *
 * @returns some bodies for each client
 */
export async function requestBodies(clients: number): Promise<Buffer[][]> {
  const random = new SeededRandom(1);
  const bodies: Buffer[][] = [];
  for (let client = 0; client < clients; client++) {
    const image = (await picture(random)).toString('base64');
    const sentences = Array.from({ length: SENTENCES }, () => sentence(random));
    bodies.push(sentences.map((text) => Buffer.from(JSON.stringify({ image, text: `${text} ${client}` }))));
  }
  return bodies;
}

async function picture(random: SeededRandom): Promise<Buffer> {
  const pixels = Uint8Array.from({ length: BLOBS.width * BLOBS.height * 3 }, () => random.integer(256));
  return sharp(pixels, { raw: { ...BLOBS, channels: 3 } })
    .resize(PICTURE)
    .jpeg({ quality: 85 })
    .toBuffer();
}

function sentence(random: SeededRandom): string {
  const length = WORDS.fewest + random.integer(WORDS.most - WORDS.fewest + 1);
  return Array.from({ length }, () => VOCABULARY[random.integer(VOCABULARY.length)]).join(' ');
}
