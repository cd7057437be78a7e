import sharp from 'sharp';
import { hash, seeded, type Random } from './random.ts';

const WHO = [
  'a man',
  'two women',
  'the dog',
  'a group of people',
  'my grandmother',
  'children',
  'a cat',
  'the player',
  'a woman in a coat',
  'nobody',
  'the train',
  'a bird',
  'several tourists',
  'the chef',
  'a boy',
];
const DOES = [
  'is riding a bike',
  'plays the guitar',
  'are sitting on a bench',
  'sleeps on the sofa',
  'is walking on the beach',
  'eats an apple',
  'are dancing',
  'reads a newspaper',
  'is swimming',
  'looks at the sea',
  'jumps over a fence',
  'is cooking dinner',
  'waits at the station',
  'are climbing a mountain',
  'drives a truck',
];
const WHERE = [
  '',
  '',
  ' in the rain',
  ' at night',
  ' near a lake',
  ' in front of a house',
  ' on a sunny day',
  ' with friends',
  ' in the snow',
  ' outdoors',
];
const OTHER = [
  'das ist ein roter kreis',
  'il y a un cercle rouge',
  'hay un círculo rojo',
  'c è un cerchio',
  'lorem ipsum dolor sit amet',
  'asdf qwer',
  'hello',
  'how are you',
  'what time is it',
  'buy now',
  'the stock market fell',
  'why',
  'select from table',
  '12345',
  'ok',
  'der hund schläft',
  '这是一个红色的圆',
  'красный круг',
  'e = mc2',
  'to be or not to be',
];

/** A sentence that is not about pictures of shapes. */
export function strangeSentence(random: Random): string {
  if (random.chance(0.7)) return `${random.pick(WHO)} ${random.pick(DOES)}${random.pick(WHERE)}`;
  if (random.chance(0.6)) return random.pick(OTHER);
  const letters = 'abcdefghijklmnopqrstuvwxyz   ';
  return Array.from({ length: 4 + random.int(30) }, () => letters[random.int(letters.length)]).join('');
}

/** A picture that holds no shapes: noise, blotches, stripes, an empty page. */
export async function strangePicture(seed: number): Promise<Uint8Array> {
  const random = seeded(hash(seed, 99));
  const size = 2 + random.int(30);
  const spread = random.chance(0.15) ? 0 : random.range(10, 128);
  const middle = [random.range(0, 255), random.range(0, 255), random.range(0, 255)] as const;
  const stripes = random.chance(0.2);
  const rgb = new Uint8Array(size * size * 3);
  for (let at = 0; at < rgb.length; at++) {
    const around = stripes ? Math.sin(at / 3 / size) : random.range(-1, 1);
    rgb[at] = Math.min(255, Math.max(0, (middle[at % 3] ?? 0) + around * spread));
  }
  const kernel = random.pick(['nearest', 'cubic', 'cubic'] as const);
  return await sharp(rgb, { raw: { width: size, height: size, channels: 3 } })
    .resize(200, 160, { fit: 'fill', kernel })
    .jpeg({ quality: 85 })
    .toBuffer();
}
