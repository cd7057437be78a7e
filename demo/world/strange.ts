import sharp from 'sharp';
import { hash, seeded, type Random } from './random.ts';
import { pictureOf } from './render.ts';

/** Subjects, predicates and places in other languages. Any combination within a language is a sentence. */
const FOREIGN = [
  [
    ['der mann', 'ein kind', 'die frau', 'ein hund', 'der rote kreis', 'niemand'],
    ['schläft', 'liest ein buch', 'ist müde', 'trinkt kaffee', 'fährt nach hause', 'steht links'],
    ['', ' im garten', ' am abend', ' auf der straße', ' im bild'],
  ],
  [
    ['un homme', 'la fille', 'le chien', 'un cercle bleu', 'mes amis', 'personne'],
    ['mange une pomme', 'dort', 'est à gauche', 'regarde la mer', 'court vite', 'chante'],
    ['', ' dans la rue', ' le matin', ' près du lac', " dans l'image"],
  ],
  [
    ['el perro', 'una mujer', 'los niños', 'un cuadrado verde', 'mi abuela', 'nadie'],
    ['come pan', 'duerme', 'está cansada', 'juega al fútbol', 'lee el periódico', 'está arriba'],
    ['', ' en la playa', ' por la noche', ' en casa', ' en la foto'],
  ],
  [
    ['il gatto', 'una donna', 'i ragazzi', 'un triangolo giallo', 'mia sorella', 'nessuno'],
    ['dorme', 'beve il vino', 'è felice', 'corre forte', 'guarda la tv', 'sta a destra'],
    ['', ' al mare', ' di notte', ' in cucina', " nell'immagine"],
  ],
] as const;
const OTHER = [
  'das ist ein roter kreis',
  'il y a un cercle rouge',
  'hay un círculo rojo',
  'c è un cerchio',
  'lorem ipsum dolor sit amet',
  'asdf qwer',
  'select from table',
  '12345',
  'der hund schläft',
  '这是一个红色的圆',
  'красный круг',
  'e = mc2',
] as const;

/** A sentence in another language, or no sentence at all. */
export function strangeSentence(random: Random): string {
  if (random.chance(0.6)) {
    return random
      .pick(FOREIGN)
      .map((words) => random.pick<string>(words))
      .join(' ')
      .replace('  ', ' ')
      .trim();
  }
  if (random.chance(0.5)) return random.pick(OTHER);
  const letters = 'abcdefghijklmnopqrstuvwxyz   ';
  return Array.from({ length: 4 + random.int(30) }, () => letters[random.int(letters.length)]).join('');
}

/** A picture without shapes: the background of a scene, noise, blotches, stripes or an empty page. */
export async function strangePicture(seed: number): Promise<Uint8Array> {
  const random = seeded(hash(seed, 99));
  if (random.chance(0.4)) return await emptyScene(hash(seed, 98));
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

/** The background of a scene with its light and grain, without things. */
export async function emptyScene(seed: number): Promise<Uint8Array> {
  const random = seeded(hash(seed, 97));
  const [width, height] = [100 + random.int(340), 100 + random.int(340)];
  return await pictureOf({ seed, width, height, things: [] });
}
