import type { Claim, Phrase } from '../claims.ts';
import { describe } from '../phrases.ts';
import type { Random } from '../random.ts';
import { COLOURS, SIZES } from '../scene.ts';
import { SHAPES } from '../shapes.ts';
import { bare, definite, indefinite, plural } from './noun-phrase.ts';
import { withArticle } from './words.ts';

/** All sorts of things, for comparisons and for counts outside the frame. */
const another = (random: Random): Phrase =>
  describe(
    { colour: random.pick(COLOURS), shape: random.pick(SHAPES), size: random.pick(SIZES) },
    random.pick(['s', 'cs', 'cs', 'c', 'zs'] as const),
  );

const PEOPLE = [
  'anna',
  'tom',
  'the artist',
  'a child',
  'someone',
  'somebody',
  'my sister',
  'my brother',
  'the teacher',
  'the photographer',
  'a friend',
  'her uncle',
  'the neighbour',
  'nobody',
  'his aunt',
  'an old man',
] as const;

const PAST = ['yesterday', 'before', 'an hour ago', 'last week', 'a minute ago', 'earlier', 'last night'] as const;
const FUTURE = ['tomorrow', 'soon', 'next week', 'later', 'later on', 'tonight', 'in a moment'] as const;

/** Properties for comparisons, none of which is visible. */
export const DEGREES = [
  'heavier',
  'lighter in weight',
  'older',
  'newer',
  'softer',
  'harder',
  'warmer',
  'colder',
  'more expensive',
  'cheaper',
  'more valuable',
  'better',
  'more popular',
] as const;

function compared(random: Random, the: string): string {
  const other = random.pick([definite(random, another(random)), 'the others', 'it was before', 'the rest']);
  return random.pick([
    `${the} is ${random.pick(DEGREES)} than ${other}`,
    `${the} is ${random.pick(DEGREES)} than ${other}`,
    `${the} ${random.pick(['costs', 'weighs'])} ${random.pick(['more', 'less'])} than ${other}`,
    `${the} ${random.pick(['costs', 'weighs'])} as much as ${other}`,
    `${the} is as ${random.pick(['heavy', 'old', 'expensive', 'warm', 'soft'])} as ${other}`,
  ]);
}

/** Verbs with their past participles. */
const DEEDS = [
  ['move', 'moved'],
  ['paint over', 'painted over'],
  ['erase', 'erased'],
  ['cut out', 'cut out'],
  ['sell', 'sold'],
  ['touch', 'touched'],
  ['colour in', 'coloured in'],
  ['replace', 'replaced'],
  ['take away', 'taken away'],
  ['copy', 'copied'],
  ['turn', 'turned'],
  ['repaint', 'repainted'],
  ['buy', 'bought'],
  ['give away', 'given away'],
] as const;

function done(random: Random, the: string): string {
  const [act, acted] = random.pick(DEEDS);
  const who = random.pick(PEOPLE);
  const [before, after] = [random.pick([...PAST, '']), random.pick([...FUTURE, ''])];
  const become = random.pick([...COLOURS, 'larger', 'smaller', 'a different colour']);
  return random.pick([
    `${the} will be ${acted} ${after}`,
    `${the} is going to be ${acted} ${after}`,
    `${the} is about to be ${acted}`,
    `${the} was ${acted} ${before}`,
    `${the} has been ${acted} by ${who}`,
    `${the} was ${acted} by ${who}`,
    `${who} will ${act} ${the} ${after}`,
    `${who} is going to ${act} ${the} ${after}`,
    `${who} is about to ${act} ${the}`,
    `${who} wants to ${act} ${the}`,
    `${who} has ${acted} ${the}`,
    `${the} will be ${become} ${random.pick(FUTURE)}`,
    `${the} will turn ${random.pick(COLOURS)} ${after}`,
  ]);
}

function past(random: Random, the: string): string {
  const was = random.pick([...COLOURS, 'larger', 'smaller', 'somewhere else', 'a different colour']);
  const when = random.pick(PAST);
  return random.pick([
    `${the} used to be ${was}`,
    `${the} used to be ${was}`,
    `${the} was ${random.pick(['drawn first', 'drawn last', 'painted before the others', 'here first', `there ${when}`, 'larger before', 'added later', 'put there last'])}`,
    `${the} was ${was} ${when}`,
    `${the} was ${random.pick(['paid for', 'lost and found', 'a mistake', 'glued on', 'copied from a book', 'a gift'])}`,
  ]);
}

const OUTSIDE = [
  'outside the frame',
  'just outside the frame',
  'outside the picture',
  'outside of the image',
  'just outside the image',
  'beyond the edge of the picture',
  'out of view',
  'out of sight beyond the edge',
  'behind the camera',
  'next to the picture',
  'on the back of the picture',
] as const;

function outside(random: Random, a: Phrase): string {
  const [one, many] = [indefinite(random, a), plural(random, a)];
  const side = random.pick(['left', 'right', 'top', 'bottom', 'upper', 'lower']);
  const where = random.pick(OUTSIDE);
  const when = random.pick(PAST);
  return random.pick([
    `there is ${one} ${where}`,
    `there is ${one} ${random.pick(['lying', 'waiting', 'standing', 'left'])} ${where}`,
    `${where} there is ${random.pick([one, `another ${bare(random, a, 'singular')}`])}`,
    `${one} is ${where === 'out of view' ? 'outside the frame' : where}`,
    `beyond the ${side} edge ${random.pick(['of the picture', 'of the frame', 'of the image'])} there ${random.chance(0.5) ? `is ${one}` : `are ${many}`}`,
    `there was ${one} here ${when}`,
    `${when} there was ${one} in this place`,
    `there will be ${one} here ${random.pick(FUTURE)}`,
    `the next picture ${random.pick(['shows', 'contains', 'has'])} ${one}`,
    `${one} was ${random.pick(['here', 'in the picture', 'part of it'])} ${when}`,
  ]);
}

function people(random: Random, the: string, many: string): string {
  const who = random.pick(PEOPLE);
  return random.pick([
    `${who} ${random.pick(['likes', 'loves', 'hates', 'drew', 'painted', 'wants', 'bought', 'has seen', 'chose', 'lost', 'owns', 'made', 'found', 'sold', 'is looking for', 'is fond of'])} ${the}`,
    `${who} ${random.pick(['likes', 'loves', 'hates', 'prefers', 'collects', 'is tired of'])} ${many}`,
    `${the} was ${random.pick(['drawn', 'painted', 'made', 'chosen'])} by ${random.pick(['two people', 'a pupil', 'somebody else', ...PEOPLE])}`,
    `${the} is ${random.pick(['a present', 'a gift', 'a toy', 'meant'])} for ${random.pick(['my mother', 'my sister', 'somebody', 'a friend', 'the school', 'anna'])}`,
    `the person who made this ${random.pick(['was happy', 'is famous', 'is a child', 'was in a hurry', 'lives in london'])}`,
    `the ${random.pick(['picture', 'image', 'photo', 'drawing'])} was ${random.pick(['taken in the morning', 'made on a monday', 'drawn in paris', 'made by a student', 'taken last year', 'drawn in ten minutes', 'taken at school', 'made for a book'])}`,
    `${random.pick(['the', 'these', 'those'])} ${many} are ${random.pick(['a present', 'for sale', 'for my sister', 'made by hand', 'quite new', 'older than the rest', 'from a shop', 'for somebody else', 'a gift for my mother'])}`,
  ]);
}

const STUFF = [
  'felt',
  'wool',
  'ice',
  'clay',
  'rubber',
  'steel',
  'cardboard',
  'gold',
  'cloth',
  'leather',
  'wax',
] as const;

function nature(random: Random, the: string): string {
  return random.pick([
    `${the} is ${random.pick(['', '', 'probably ', 'really '])}made of ${random.pick(STUFF)}`,
    `${the} is ${random.pick(['cut from', 'made out of', 'a piece of', 'covered with'])} ${random.pick(STUFF)}`,
    `the back of ${the} is ${random.pick(['white', 'red', 'blue', 'empty', 'dirty'])}`,
    `${the} ${random.pick(['smells good', 'tastes sweet', 'makes a sound', 'is called bob', 'has a name', 'is lucky', 'is used in a game', 'costs five euros', 'has been in a museum', 'glows in the dark', 'is magnetic', 'can float', 'would break if dropped', 'means love'])}`,
    `${the} is ${withArticle(random.pick(['toy', 'sticker', 'magnet', 'sign', 'symbol of a club', "child's favourite", 'secret']))}`,
  ]);
}

/** Sentences about what is outside the picture: its surroundings, its past, its future and its people. */
export function elsewhereClaim(random: Random, { a }: Extract<Claim, { type: 'elsewhere' }>): string {
  const the = definite(random, a);
  return random.pick([
    () => compared(random, the),
    () => done(random, the),
    () => done(random, the),
    () => past(random, the),
    () => outside(random, a),
    () => outside(random, a),
    () => people(random, the, plural(random, a)),
    () => people(random, the, plural(random, a)),
    () => nature(random, the),
  ])();
}
