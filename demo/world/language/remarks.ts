import type { OutsideWords } from '../everyday-words.ts';
import type { Random } from '../random.ts';

/** "happily", "luckily". */
const adverbOf = (adjective: string): string =>
  /[^aeiou]y$/.test(adjective) ? `${adjective.slice(0, -1)}ily` : `${adjective}ly`;

/** Words that may be in a sentence without changing what it claims, and those that may be missing. */
const FILLERS =
  'really actually quite well so now here there indeed still simply clearly alright got does shown seen of as at to ' +
  'for which that then bit sort kind sight far it its you we i any them';
const LOOSE = new Set('is are there it that of in has here'.split(' '));

/** The text in loose English: with one to three fillers or, at times, without a word that it can spare. */
function loosened(random: Random, text: string): string {
  let said = text;
  const spare = text.split(' ').filter((word) => LOOSE.has(word));
  if (spare.length > 0 && random.chance(0.5)) {
    const words = text.split(' ');
    words.splice(words.indexOf(random.pick(spare)), 1);
    said = words.join(' ');
    if (random.chance(0.4)) return said;
  }
  for (let left = 1 + random.int(3); left > 0; left--) said = inserted(random, said, random.pick(FILLERS.split(' ')));
  return said;
}

/** The text with a word between two of its words. */
function inserted(random: Random, text: string, word: string): string {
  const words = text.split(' ');
  words.splice(1 + random.int(words.length), 0, word);
  return words.join(' ');
}

/**
 * The sentence with a remark that does not change what it claims, in words from outside the world, or in loose English:
 * so neither unknown words nor an unusual construction alone make a claim false.
 */
export function remarked(random: Random, sentence: string, words: OutsideWords): string {
  const end = /[.?!]$/.exec(sentence)?.[0] ?? '';
  const text = sentence.slice(0, sentence.length - end.length);
  const noun = random.pick(words.nouns).word;
  const adjective = random.pick(words.adjectives).word;
  const verb = random.pick(words.verbs).word;
  const adverb = adverbOf(adjective);
  if (random.chance(0.5)) return `${loosened(random, text)}${end}`;
  const said = random.pick([
    inserted(random, text, adverb),
    inserted(random, text, adverb),
    inserted(random, text, adverb),
    `${adverb}, ${text}`,
    `${adverb} ${text}`,
    `${text}, ${adverb}`,
    `${text} ${adverb}`,
    `${text}, i ${verb}`,
    `i ${verb} ${text}`,
    `${text}, and that's ${random.pick([`your ${noun}`, adjective, `the ${noun}`])}`,
    `${text}, ${noun}`,
    `look, ${noun}: ${text}`,
    `${noun}, ${text}`,
    `my ${noun} says that ${text}`,
    `${text}, my ${noun} says`,
    `how ${adjective}: ${text}`,
    `${random.pick(['without', 'with', 'after', 'for'])} ${random.pick(['a', 'any', 'some'])} ${noun}, ${text}`,
  ]);
  return `${said}${end}`;
}
