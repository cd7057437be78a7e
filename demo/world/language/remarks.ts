import type { OutsideWords } from '../everyday-words.ts';
import type { Random } from '../random.ts';

/** "happily", "luckily". */
const adverbOf = (adjective: string): string =>
  /[^aeiou]y$/.test(adjective) ? `${adjective.slice(0, -1)}ily` : `${adjective}ly`;

/**
 * The sentence with a remark that does not change what it claims, in words from outside the world: so unknown words
 * alone do not make a claim false.
 */
export function remarked(random: Random, sentence: string, words: OutsideWords): string {
  const end = /[.?!]$/.exec(sentence)?.[0] ?? '';
  const text = sentence.slice(0, sentence.length - end.length);
  const noun = random.pick(words.nouns).word;
  const adjective = random.pick(words.adjectives).word;
  const verb = random.pick(words.verbs).word;
  const adverb = adverbOf(adjective);
  const said = random.pick([
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
