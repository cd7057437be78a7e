import type { OutsideWords } from '../everyday-words.ts';
import { phrase, reference } from '../phrases.ts';
import type { Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { definite, indefinite, plural } from './noun-phrase.ts';
import { PICTURES, written } from './style.ts';
import { somewhere } from './words.ts';

/** What a sentence that claims nothing may name. */
interface Names {
  readonly the: string;
  readonly one: string;
  readonly many: string;
  readonly noun: string;
  readonly verb: string;
  readonly doing: string;
  readonly adjective: string;
}

const PICTURE = ['the picture', 'this picture', 'the image', 'it', 'the scene', 'this photo'] as const;

/** Questions that yes and no do not answer. */
function question(random: Random, { the, one, many, noun, verb, doing, adjective }: Names): string {
  const [place, picture] = [somewhere(random), random.pick(PICTURE)];
  const colour = random.pick(['colour', 'color']);
  return random.pick([
    `how many ${many} are there${place}`,
    `how many ${many} can you see${place}`,
    `how many ${many} ${random.pick(['are shown', 'do you count', 'does it have', 'are in the picture'])}`,
    `how many ${random.pick(['things', 'objects', 'shapes', 'colours'])} ${random.pick(['are there', 'do you see'])}`,
    `what ${colour} is ${the}`,
    `what is the ${colour} of ${the}`,
    `which ${colour} ${random.pick(['is', 'has'])} ${the}`,
    `what shape is ${the}`,
    `where is ${the}`,
    `where ${random.pick(['are', 'can i find'])} the ${many}`,
    `which ${random.pick(['one', 'shape', 'thing'])} is ${random.pick(['the largest', 'bigger', 'on the left', 'red', adjective])}`,
    `which of the ${many} is ${random.pick(['small', 'blue', 'at the top', adjective])}`,
    `who ${random.pick(['drew', 'made', 'moved', 'owns', 'is'])} ${the}`,
    `whose ${noun} is ${random.pick(['this', 'that', 'it'])}`,
    `why ${random.pick(['is', 'was'])} ${the} ${random.pick(['red', 'there', 'so small', adjective])}`,
    `when was ${the} ${random.pick(['drawn', 'made', 'moved'])}`,
    `what ${random.pick(['do you see', 'is there', 'can be seen'])}${place}`,
    `what ${random.pick(['is in', 'is on', 'does this say about'])} ${picture}`,
    `what is ${random.pick(['left of', 'right of', 'above', 'below', 'behind', 'next to'])} ${the}`,
    `what is ${random.pick([one, `a ${noun}`, 'this', 'that', 'your name'])}`,
    `how ${random.pick(['big', 'large', 'far', 'old', adjective])} is ${the}`,
    `how ${random.pick(['do i', 'can i', 'do you'])} ${verb} ${random.pick([one, `a ${noun}`])}`,
    `and how many ${many}`,
    `what if ${one} were ${adjective}`,
    `what kind of ${noun} is ${random.pick([the, 'it', 'this'])}`,
    `can ${random.pick(['you', 'somebody', 'anybody'])} ${verb} ${random.pick([the, `the ${noun}`, 'it'])}`,
    `do you ${verb} ${random.pick([`the ${noun}`, `a ${noun}`, 'it', 'me'])}`,
    `why would ${random.pick(['you', 'anybody', `a ${noun}`])} ${verb} ${what(random, the, noun)}`,
    `in which ${noun} is ${the}`,
    `why are you ${doing}`,
    `what about ${random.pick([the, one, `the ${noun}`])}`,
    `who is ${doing}`,
  ]);
}

const what = (random: Random, the: string, noun: string): string => random.pick([the, `a ${noun}`, 'it']);

function command(random: Random, { the, one, many, noun, verb, adjective }: Names): string {
  const object = random.pick([the, one, `the ${many}`, `a ${noun}`, `the ${noun}`]);
  const said = random.pick([
    `count the ${many}`,
    `${random.pick(['draw', 'paint', 'show me', 'find', 'add', 'remove', 'move', 'delete', 'look at', 'make', 'give me'])} ${object}`,
    `describe ${random.pick(PICTURES)}`,
    `tell me ${random.pick(['about', 'where to find', 'how many there are of', 'more about'])} ${object}`,
    `${verb} ${object}`,
    `${verb} ${object} ${random.pick(['into', 'on top of', 'for', 'with', 'by', 'behind'])} ${random.pick([one, `the ${noun}`])}`,
    `${verb} ${random.pick(['carefully', 'now', 'again', 'it', 'me', 'the picture'])}`,
    `colour ${the} ${random.pick(['red', 'blue', 'green', adjective])}`,
    `put ${the} ${random.pick(['left of', 'above', 'next to', 'on'])} ${one}`,
    `give ${random.pick(['me', 'us'])} the ${random.pick(['number', 'names', 'colours', noun])} of the ${many}`,
    `swap the ${many}`,
    `list ${random.pick(['all', 'the'])} ${many}`,
    `name ${random.pick(['all the shapes', 'every colour', `one ${noun}`])}`,
    `do not ${verb} ${object}`,
    `let us ${verb} ${object}`,
    `write ${random.pick(['a poem', 'a story', 'something'])} about ${object}`,
    `make ${the} ${random.pick(['red', 'blue', 'larger', adjective])}`,
    `${random.pick(['say', 'sing', 'do', 'write', 'bring'])} ${random.pick([`something ${adjective}`, `the ${noun}`, `a ${noun}`, verb])}`,
    `${random.pick(['try', 'begin', 'go', 'come', 'get ready', 'learn', 'remember'])} to ${verb} ${random.pick(['', object, 'it'])}`,
    `${random.pick(['ignore', 'forget', 'answer', 'believe', 'explain', 'tell me', 'guess'])} ${random.pick(['what i said', `what ${who(random)} ${verb}`, `the ${noun}`, 'everything', `why ${who(random)} ${verb}`, 'this'])}`,
    `${verb} ${adverbLike(random)}`,
    `turn ${random.pick([the, 'the picture', `the ${noun}`])} ${random.pick(['around', 'over', 'off', 'into one', 'by hand'])}`,
  ]);
  return random.pick([said, said, said, `please ${said}`, `${said} please`, `could you please ${said}`, `now ${said}`]);
}

const who = (random: Random): string => random.pick(['i', 'we', 'you', 'they']);
const adverbLike = (random: Random): string =>
  random.pick([
    'closely',
    'carefully',
    'now',
    'again',
    'twice',
    'with me',
    'for us',
    'at once',
    'less',
    'harder',
    'away',
  ]);

const GREETINGS = `hello/hi/hey/good morning/good evening/good night/good bye/bye/thanks/thank you/thank you very much/
welcome/how are you/how are you today/nice to meet you/what's up/see you later/have a nice day/greetings/cheers/sorry/
excuse me/please/ok/okay/yes/no/maybe/yes please/no thanks/wow/lol/test/testing/help/stop/go on/again/never mind/
of course/well done/congratulations/happy birthday/to be or not to be/buy now/why/how/what/when/who/really/hm/let me
think/i see/never`
  .replace(/\n/g, '')
  .split('/');
const AFTER = ['', '', '', ' there', ' my friend', ' everybody', ' model', ' again', ' sir', ' and goodbye', ' world'];

/** Statements about somebody, not about a picture. */
function remark(random: Random, { noun, verb, doing, adjective }: Names): string {
  const somebody = who(random);
  const thing = random.pick(['', `the ${noun}`, `a ${noun}`, 'it', `some ${noun}`, `my ${noun}`]);
  return random.pick([
    `${somebody} ${random.pick(['want to', 'have to', 'will', 'like to', 'would', 'never', 'should', 'must', 'often', 'did not', 'cannot'])} ${verb} ${thing}`,
    `${random.pick(['he', 'she', 'nobody here', `my ${noun}`])} ${random.pick(['never', 'often', 'always', 'rarely'])} ${random.pick(['does that', 'comes back', 'calls', 'eats lunch', 'is late', `needs ${thing}`])}`,
    `${random.pick(['my', 'your', 'her', 'our'])} ${noun} ${random.pick(['is getting', 'will be', 'was', 'has become', 'got'])} ${random.pick([adjective, 'married', 'late', 'better', 'lost', `a ${noun}`])} ${random.pick(['', 'next summer', 'last year', 'again', 'today'])}`,
    `${somebody} ${random.pick(['forgot', 'lost', 'need', 'bought', 'met', 'like'])} ${random.pick(['my', 'your', 'the', 'a'])} ${noun} ${random.pick(['', 'at home', 'at work', 'yesterday', 'for lunch', 'this morning'])}`,
    `${noun} is ${random.pick(['the best', 'the worst', 'good', 'no', 'better than'])} ${random.pick(['medicine', 'news', 'idea', 'advice', 'thing in life'])}`,
    `${random.pick(['nice', 'bad', 'lovely', 'strange', adjective])} ${random.pick(['weather', 'day', 'news', noun])} ${random.pick(['today', "isn't it", 'again', 'eh', ''])}`,
    `${random.pick(['he', 'she'])} ${random.pick(['wants to', 'has to', 'will', 'forgot to'])} ${verb} ${random.pick(['', `the ${noun}`, `a ${noun}`])}`,
    `i am ${random.pick([doing, adjective, `a ${noun}`])}`,
    `you are ${random.pick([doing, adjective, `a ${noun}`])}`,
    `my name is ${noun}`,
    `if only ${somebody} had a ${noun}`,
    `${doing} is ${adjective}`,
    `because of the ${noun}`,
  ]);
}

/** A question that yes and no do not answer, a command, a greeting or a remark: the picture says nothing about it. */
export function noClaim(random: Random, scene: Scene, words: OutsideWords): string {
  const isOutside = random.chance(0.25);
  const noun = random.pick(words.nouns);
  const own = reference(random, scene);
  const names: Names = {
    the: isOutside ? `the ${noun.word}` : definite(random, own),
    one: isOutside ? `a ${noun.word}` : indefinite(random, phrase(random, scene)),
    many: isOutside ? noun.other : plural(random, phrase(random, scene)),
    noun: noun.word,
    verb: random.pick(words.verbs).word,
    doing: random.pick(words.verbs).other,
    adjective: random.pick(words.adjectives).word,
  };
  const draw = random.next();
  if (draw < 0.5) {
    const asked = written(random, question(random, names)).replace(/[.!]$/, '');
    return random.chance(0.7) ? `${asked}?` : asked;
  }
  if (draw < 0.78) return written(random, command(random, names));
  if (draw < 0.88) return written(random, `${random.pick(GREETINGS)}${random.pick(AFTER)}`);
  return written(random, remark(random, names));
}
