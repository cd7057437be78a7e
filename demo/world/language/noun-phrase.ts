import type { Phrase } from '../claims.ts';
import type { Random } from '../random.ts';
import { colourWord, shapeAdjective, shapeNoun, sizeWord, thingNoun, withArticle } from './words.ts';

export type Grammatical = 'singular' | 'plural';

interface Parts {
  readonly adjectives: readonly string[];
  readonly noun: readonly [string, string];
}

function parts(random: Random, phrase: Phrase, pronoun: boolean): Parts {
  const size = phrase.size === undefined ? [] : [sizeWord(random, phrase.size)];
  const colour = phrase.colour === undefined ? [] : [colourWord(random, phrase.colour)];
  const adjectives = random.chance(0.92) ? [...size, ...colour] : [...colour, ...size];
  if (phrase.shape === undefined) {
    return { adjectives, noun: thingNoun(random, pronoun && adjectives.length > 0) };
  }
  if (random.chance(0.06)) {
    const adjective = shapeAdjective(random, phrase.shape);
    if (adjective !== undefined) return { adjectives: [...adjectives, adjective], noun: thingNoun(random, false) };
  }
  return { adjectives, noun: shapeNoun(random, phrase.shape) };
}

/** A phrase with attributes after the noun: "circle that is red". */
function trailing(random: Random, phrase: Phrase, number: Grammatical): string {
  const at = number === 'singular' ? 0 : 1;
  const is = number === 'singular' ? 'is' : 'are';
  const { shape, colour, size } = phrase;
  const noun = shape === undefined ? thingNoun(random, false)[at] : shapeNoun(random, shape)[at];
  const that = random.pick(['that', 'which']);
  const said = [
    ...(size === undefined ? [] : [sizeWord(random, size)]),
    ...(colour === undefined ? [] : [colourWord(random, colour)]),
  ];
  const forms = [`${noun} ${that} ${is} ${said.join(' and ')}`];
  if (colour !== undefined) {
    const before = size === undefined ? '' : `${sizeWord(random, size)} `;
    const word = colourWord(random, colour);
    forms.push(
      `${before}${noun} in ${word}`,
      `${before}${noun} of ${random.pick([`${word} colour`, `${word} color`, `the colour ${word}`])}`,
      `${before}${noun} with ${random.pick([`a ${word} colour`, `${word} colour`, `a ${word} color`])}`,
      `${before}${noun} coloured ${word}`,
    );
  }
  return random.pick(forms);
}

/** A shape after a general noun: "object in the shape of a star". */
function shapedLike(random: Random, phrase: Phrase, number: Grammatical): string {
  const at = number === 'singular' ? 0 : 1;
  const noun = shapeNoun(random, phrase.shape ?? 'circle')[0];
  const { colour, size } = phrase;
  const rest: Phrase = { ...(colour && { colour }), ...(size && { size }) };
  const head = bare(random, rest, number);
  const is = ['is', 'are'][at];
  return `${head} ${random.pick(['in the shape of', 'with the shape of', 'shaped like', `that ${is} shaped like`])} ${withArticle(noun)}`;
}

/** The phrase without an article. */
export function bare(random: Random, phrase: Phrase, number: Grammatical, pronoun = false): string {
  const draw = random.next();
  const named = phrase.colour !== undefined || phrase.size !== undefined;
  if (named && draw < 0.07) return trailing(random, phrase, number);
  if (phrase.shape !== undefined && draw > 0.975) return shapedLike(random, phrase, number);
  const { adjectives, noun } = parts(random, phrase, pronoun);
  const glued = adjectives.map((word, index) =>
    index === adjectives.length - 1 && word === phrase.colour && random.chance(0.03)
      ? `${word} ${random.pick(['coloured', 'colored'])}`
      : word,
  );
  return [...glued, noun[number === 'singular' ? 0 : 1]].join(' ');
}

function hiddenOne(random: Random, phrase: Phrase): string {
  const noun = thingNoun(random, true)[0];
  if (phrase.behind !== undefined) {
    const where = random.pick([
      'behind',
      'behind',
      'hidden behind',
      'covered by',
      'hidden by',
      'partly hidden by',
      'peeking out from behind',
      'sticking out behind',
      'partly covered by',
      'that is behind',
      'that hides behind',
    ]);
    const cover = `the ${bare(random, phrase.behind, 'singular')}`;
    const what = `the ${noun === 'one' ? 'object' : noun}`;
    const [covers, that] = [random.pick(['covers', 'hides', 'partly covers']), random.pick(['that ', ''])];
    return random.pick([
      `${what} ${where} ${cover}`,
      `${what} ${where} ${cover}`,
      `${what} ${where} ${cover}`,
      `${what} ${that}${cover} ${covers}`,
      `what ${cover} ${covers}`,
      `${random.pick(['what is', "what's", 'whatever is'])} behind ${cover}`,
    ]);
  }
  const how = random.pick(['hidden', 'covered', 'partly hidden', 'partly covered', 'mostly hidden', 'half hidden']);
  return random.chance(0.8) ? `the ${how} ${noun}` : `the ${noun} that is ${how}`;
}

/** "the red circle". */
export function definite(random: Random, phrase: Phrase, pronoun = false): string {
  if (phrase.hidden) return hiddenOne(random, phrase);
  return `${random.chance(0.04) ? 'that' : 'the'} ${bare(random, phrase, 'singular', pronoun)}`;
}

/** "a red circle". */
export function indefinite(random: Random, phrase: Phrase, pronoun = false): string {
  return withArticle(bare(random, phrase, 'singular', pronoun));
}

/** "red circles". */
export const plural = (random: Random, phrase: Phrase, pronoun = false): string =>
  bare(random, phrase, 'plural', pronoun);

/** Whether a phrase names several attributes. */
export const isCompound = (phrase: Phrase): boolean =>
  [phrase.colour, phrase.shape, phrase.size].filter((each) => each !== undefined).length > 1;

/** Two attributes: "red and small", "red but not large", "a red star". */
function compound(random: Random, property: Phrase, number: Grammatical): string {
  const { colour, shape, size } = property;
  const whole = number === 'plural' ? plural(random, property) : indefinite(random, property, true);
  if (shape !== undefined || colour === undefined || size === undefined) return whole;
  const [paint, big] = [colourWord(random, colour), sizeWord(random, size)];
  const opposite = sizeWord(random, size === 'small' ? 'large' : 'small');
  return random.pick([
    `${paint} and ${big}`,
    `${paint} and ${big}`,
    `${big} and ${paint}`,
    `both ${paint} and ${big}`,
    `${paint} as well as ${big}`,
    `${paint} but not ${opposite}`,
    whole,
  ]);
}

/** Intensifiers that do not change the meaning: there are only two sizes. */
const DEGREES = ['rather', 'quite', 'very', 'really', 'fairly', 'pretty', 'somewhat', 'truly'] as const;

/** A phrase as a predicate: "red", "a circle", "small". */
export function predicate(random: Random, property: Phrase, number: Grammatical = 'singular'): string {
  if (isCompound(property)) return compound(random, property, number);
  if (property.colour !== undefined) {
    const word = colourWord(random, property.colour);
    return random.pick([word, word, word, word, word, word, `${word} in colour`, `coloured ${word}`]);
  }
  if (property.size !== undefined) {
    const word = sizeWord(random, property.size);
    if (random.chance(0.1)) return `${random.pick(DEGREES)} ${word}`;
    if (random.chance(0.03)) return `on the ${word} side`;
    return random.chance(0.92) ? word : `${word} in size`;
  }
  const shape = property.shape ?? 'circle';
  const adjective = random.chance(0.15) ? shapeAdjective(random, shape) : undefined;
  if (adjective !== undefined) return adjective;
  const noun = shapeNoun(random, shape);
  return number === 'plural' ? noun[1] : withArticle(noun[0]);
}
