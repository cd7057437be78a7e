import type { Random } from '../random.ts';

/** Phrases for the picture as a place. */
export const OUTWARD = [
  'in the picture',
  'in the picture',
  'in the image',
  'in the image',
  'in this picture',
  'in this image',
  'in the scene',
  'in the photo',
  'in the drawing',
  'on the picture',
  'here',
  'in view',
  'in it',
] as const;

/** The picture as a subject: "the picture shows ...". */
export const PICTURES = [
  'the picture',
  'the picture',
  'the image',
  'the image',
  'this picture',
  'this image',
  'the scene',
  'the photo',
  'the drawing',
  'it',
] as const;

/** Verbs for the picture as a subject, with their infinitives. */
export const SHOWS = [
  ['shows', 'show'],
  ['shows', 'show'],
  ['contains', 'contain'],
  ['contains', 'contain'],
  ['has', 'have'],
  ['depicts', 'depict'],
  ['includes', 'include'],
  ['displays', 'display'],
  ['features', 'feature'],
] as const;

/** "can be seen", singular and plural. */
export const VISIBLE = [
  ['is visible', 'are visible'],
  ['can be seen', 'can be seen'],
  ['is there', 'are there'],
  ['is present', 'are present'],
  ['is shown', 'are shown'],
  ['is in the picture', 'are in the picture'],
  ['is in the image', 'are in the image'],
  ['appears in the picture', 'appear in the picture'],
  ['is depicted', 'are depicted'],
  ['can be found', 'can be found'],
  ['can be spotted', 'can be spotted'],
  ['can be made out', 'can be made out'],
  ['is drawn here', 'are drawn here'],
  ['occurs', 'occur'],
  ['exists', 'exist'],
] as const;

/** "you see", with the plain negation. */
export const SEE = [
  ['you can see', 'you cannot see'],
  ['you can see', "you can't see"],
  ['i can see', 'i cannot see'],
  ['i see', "i don't see"],
  ['we see', 'we do not see'],
  ['one can see', 'one cannot see'],
  ['you see', 'you do not see'],
  ['you can find', 'you cannot find'],
  ['i notice', 'i do not notice'],
  ['i can make out', 'i cannot make out'],
  ['we have', 'we do not have'],
  ['one finds', 'one does not find'],
  ["you'll see", "you won't see"],
  ["you'll find", "you won't find"],
] as const;

const TRUE = [
  'it is true that',
  'it is the case that',
  'the picture shows that',
  'we can see that',
  'you can see that',
  'one can see that',
  'i think that',
  'i believe',
  'it is correct that',
  'it is right that',
  'clearly',
  'in this picture',
  'in the image',
  'here',
  'is it true that',
  'is it correct that',
  'would you say that',
  'can you confirm that',
  'do you agree that',
  'do you think that',
  'i am sure that',
  'i would say that',
  "i'd say",
  'surely',
  'obviously',
  'as far as i can see',
  'without a doubt',
  'as you can see',
  'it looks like',
  'it seems that',
  'it must be that',
  'it is obvious that',
  'look ,',
  'looks like',
  'i guess',
  'i bet',
  "i'm pretty sure",
  'apparently',
  'what i see is that',
  'it would appear that',
  'no doubt',
  'to me it looks like',
  'if you ask me ,',
] as const;

const FALSE = [
  'it is not true that',
  'it is not the case that',
  'it is false that',
  'it is wrong that',
  "it isn't true that",
  'it is incorrect that',
  "it's not true that",
] as const;

/** The statement or, sometimes, a longer one with the same meaning. */
export function stated(random: Random, statement: string): string {
  if (random.chance(0.03)) return `${statement} , ${random.pick(TAGS)}`;
  if (random.chance(0.03)) return `${random.pick(FILLERS)} , ${statement}`;
  return random.chance(0.12) ? `${random.pick(TRUE)} ${statement}` : statement;
}

/** Fillers without a meaning. */
const FILLERS = [
  'well',
  'so',
  'ok',
  'now',
  'hm',
  'see',
  'yes',
  'no',
  'to be honest',
  'oh',
  'actually',
  'right',
  'in fact',
  'indeed',
  'i mean',
  'honestly',
  'listen',
] as const;

/** Question tags. */
const TAGS = [
  'no question',
  'if you ask me',
  'you know',
  'to me',
  'in my view',
  'of course',
  'definitely',
  'alright',
  'right',
  "isn't it",
  'i think',
  'as it seems',
  'for sure',
  'it seems',
  'i believe',
] as const;

/** Negates a whole statement. */
export const denied = (random: Random, statement: string): string => `${random.pick(FALSE)} ${statement}`;

/** Swaps two letters, or drops or doubles one, in one of the longer words. */
function misspelt(random: Random, text: string): string {
  const words = text.split(' ');
  const long = words.flatMap((word, index) => (word.length > 4 ? [index] : []));
  if (long.length === 0) return text;
  const index = random.pick(long);
  const word = words[index] ?? '';
  const at = 1 + random.int(word.length - 2);
  const [before, here, next, after] = [word.slice(0, at), word[at] ?? '', word[at + 1] ?? '', word.slice(at + 2)];
  words[index] = random.pick([
    `${before}${next}${here}${after}`,
    `${before}${next}${after}`,
    `${before}${here}${here}${next}${after}`,
  ]);
  return words.join(' ');
}

/** Variations as people type: with or without a full stop, a typo, no articles. */
export function written(random: Random, text: string): string {
  let out = text
    .replace(/\s+/g, ' ')
    .replace(/ ([,?:;])/g, '$1')
    .trim();
  const draw = random.next();
  if (draw < 0.035) out = misspelt(random, out);
  else if (draw < 0.065) out = out.replace(/\b(the|an?) /g, '');
  if (random.chance(0.05)) out = out.replace(/\b(it|that|there) is\b/g, "$1's");
  if (random.chance(0.05)) out = out.replace(/\b(is|are|does) not\b/g, "$1n't");
  // "The star's red". Nobody writes this after an s.
  if (random.chance(0.04)) out = out.replace(/\b([a-z]+[a-rt-y]) is\b/, "$1's");
  if (/^(is|are|does|do|can|would|has) /.test(out)) return random.chance(0.7) ? `${out}?` : out;
  return random.chance(0.5) ? `${out}.` : random.chance(0.03) ? `${out}!` : out;
}
