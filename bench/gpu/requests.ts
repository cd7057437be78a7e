import sharp from 'sharp';
import { SeededRandom } from '../../testing/random.ts';

/** The size of the pictures in SNLI-VE, which come from Flickr. */
const PICTURE = { width: 500, height: 375 } as const;
/** Random pixels that are enlarged to the picture, which makes its file as large as a photo's. */
const BLOBS = { width: 80, height: 60 } as const;
const SENTENCES = 4;
/** Words of a sentence: SNLI's have seven or eight on average, and some have three times as many. */
const WORDS = { fewest: 3, most: 24 } as const;
const VOCABULARY =
  'a the man woman dog two children are is in on near with red blue small large playing standing water street not nobody'.split(
    ' ',
  );

/**
 * Request bodies for concurrent clients. No two clients share a picture or a sentence: the service decodes a picture only
 * once for concurrent requests about it, which are rare in reality.
 *
 * @returns several bodies for each client
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
