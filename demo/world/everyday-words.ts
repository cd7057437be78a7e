import nlp from 'compromise';
import { daleChall } from 'dale-chall';
import type { OutsideWord } from './claims.ts';
import { hash } from './random.ts';
import type { Split } from './scene.ts';

/**
 * Words for what is not of this world: nouns, adjectives and verbs of one split, and all colours and shapes, which are
 * few (an unknown adjective may be a mood as well as a colour, with different answers).
 */
export interface OutsideWords {
  readonly nouns: readonly OutsideWord[];
  readonly adjectives: readonly OutsideWord[];
  readonly verbs: readonly OutsideWord[];
  readonly colours: readonly OutsideWord[];
  readonly shapes: readonly OutsideWord[];
}

/** The parts of compromise that its types leave open. */
interface Model {
  readonly one: { readonly lexicon: Readonly<Record<string, string | readonly string[]>> };
}
interface Methods {
  readonly two: {
    readonly transform: {
      readonly noun: { readonly toPlural: (word: string, model: Model) => string };
      readonly verb: { readonly conjugate: (word: string, model: Model) => { readonly Gerund: string } };
    };
  };
}
const model = nlp.model() as Model;
const { noun, verb } = (nlp.methods() as Methods).two.transform;

const list = (words: string): readonly string[] => words.trim().split(/\s+/);

/** Nouns that the world has or that could be meant by a thing, a colour, a number or a part of the picture. */
const OWN_NOUNS = new Set(
  list(`
  act all amount any anybody anyone anything area art artwork background backside badge ball beginning being bit blank
  block bottom box brown bunch center centre chocolate circle color colour content copy corner couple cross crowd cube
  cut dark darkness depiction description design detail diagram disc disk display distance dot double drawing edge
  element eleven emerald end entity enough entry everybody everyone everything example exhibit extra few figure five
  flat form four fraction front geometry gold grain graphic green group half heart here hundred illustration image
  item kind layout left letter light limit line lot mark marking middle million minus more most name neighbor neighbour
  nine nobody none north nothing number object odd one orange other outline outside page pair panel part pattern person
  photo photograph photography picture piece pink place plane plenty plus point portion portrait position print purple
  quantity quarter rainbow range red rest right rose round row scarlet scene seven shade shadow shape side sight sign
  six size somebody someone something somewhere sort south space spot square stack star stripe style stuff such sum
  surface symbol ten there thing third thousand three tint tip title tone top total triangle trio twin two type unit
  variety version view violet west where whole word world yellow zero amber anyhow anywhere afar afterward aloud apiece
  bulk count crimson dimension dozen east fact gap glimpse image instance label lilac majority minority order pile
  presence proportion reality set share single some standing stroke tangerine tangle trace truth visible azure mean
  being bend blot blob curve spiral ring hoop field ground frame border margin look looking seat location here there nowadays sometime onward onwards downstairs upstairs indoors outdoors fuck shit pornstar
  bitch whore slut nigger cunt rape asshole bastard porn penis vagina boob fag damn crap piss`),
);

/** Adjectives that say something about what the picture shows: a place, a size, a colour, a number, or a likeness. */
const OWN_ADJECTIVES = new Set(
  list(`
  able absent additional adjacent all alike alone another any apart apparent available average back beige big bigger
  biggest black blank blue bottom bright brilliant broad brown careful center central certain circular clear close
  closed colorful coloured colored colossal common complete correct covered crimson crooked cross dark deep different
  dim distant distinct double dull dusky eleven empty enormous equal every exact extra faint false far fat few fewer
  fifth final fine first five flat former forward four fourth front full general giant gigantic golden gold gray great
  green grey half hidden high huge hundred identical immense inner inside intact invisible joint large larger last
  least left less light little lone lonely long loose low lower main many massive medium middle mini miniature minor
  minus missing more most multiple narrow near nearby nearest next nine numerous oblong obvious odd only open opposite
  orange other outer outside oval overlapping own pale paired partial pink plain pointed pointy present purple real
  rectangular red related remaining right round same scarlet second separate seven several shaded shaped shiny short
  side silver similar simple single six small smaller solid some sole square starry straight striped such sure tall ten
  there thick thin third three tilted tiny top total triangular triple true twin two uneven unequal unique upper upright
  upside various vast violet visible white whole wide wrong yellow zero north northern northwest northeast south
  southern southeast southwest eastern western beside together squat hollow bare clean alright amiss awry ok okay sharp
  vivid bold gaudy drawn painted printed old new soft hard warm cold hot heavy expensive cheap wooden metallic`),
);

/** Verbs that say that something is there, where it is, or how it looks. */
const OWN_VERBS = new Set(
  list(`
  add appear base be become belong border bound build call center centre circle color colour compare compose consist
  contain copy count cover create cross cut depict design differ display divide draw equal exceed exclude exist face
  fill find finish follow form frame get go group happen hang have hide hit include join keep lack lay lean lie line
  live locate look lower make mark match mean meet miss move near need number occur occupy outline overlap own paint
  place plot point position print put reach remain rest resemble round seem see separate set shade shape share show
  shrink sit size space split spread square stand star start stay stick stop surround tell tilt touch turn unite vary
  view wait watch use do let be colour measure weigh cost sell feel own buy remove pending pursuant interest fuck
  bitch rape piss shit bugger screw`),
);

/** Other words of the grammar, which training has, so that they say nothing about words that it never had. */
const GRAMMAR_WORDS = new Set(
  list(`
  show shows lemon hand links feels court lies table features bank stands feature school smells poem story costs wood
  glass turns machine metal pear night match feel back cheers turn evening lone mind morning heat uncle brother cost
  photographer mistake steel teacher lives wool tonight ice tree cardboard hates baa wax cloth royal rosy kind gauche
  pretty incorrect costly plastic mean spotted lightweight underneath good free used lacking done sorry turned dirty
  lost tired like say come describe write believe agree outnumber take question know want carry give erase fund blow
  club hear hurry person museum stone paper art link links lie lies stand smell smells cheer life mimic news bring sing
  begin weather advice ignore explain idea best home medicine answer lunch`),
);

const COLOURS = list(`
  white white white black black black grey gray silver turquoise beige cyan magenta khaki ivory cream teal maroon
  indigo bronze copper ebony lavender mauve charcoal transparent colourless colorless silvery whitish blackish greyish
  grayish snow-white jet-black pearly ochre fuchsia tan aqua burgundy aquamarine off-white light-grey dark-grey
  dark-gray light-gray navy mint peach coral salmon sand taupe sepia platinum pitch-black milky see-through`);
const SHAPES = list(`
  hexagon hexagon oval oval rectangle rectangle pentagon octagon rhombus ellipse crescent arrow cylinder pyramid cone
  trapezoid parallelogram spiral zigzag semicircle heptagon decagon moon hexagram teardrop wave loop swirl arch cloud
  pear-shape half-moon lozenge prism donut sphere trapezium kite polygon quadrilateral wedge tube curl spike
  checkmark asterisk crescent-moon`);

/** Which half of the words a word belongs to. */
const splitOf = (word: string): Split =>
  hash(...Array.from(word, (letter) => letter.charCodeAt(0)), 628) % 2 === 0 ? 'held-out' : 'training';

/** Tags of a word: as the lexicon has it or, for a word of the Dale-Chall list, as compromise guesses. */
function tagsOf(word: string): readonly string[] {
  const known = model.one.lexicon[word];
  if (known !== undefined) return [known].flat();
  const [sentence] = nlp(word).json() as readonly { readonly terms: readonly { readonly tags: readonly string[] }[] }[];
  return sentence?.terms[0]?.tags ?? [];
}

function gather(): Record<Split, OutsideWords> {
  const known = new Set([...GRAMMAR_WORDS, ...[...COLOURS, ...SHAPES].flatMap((word) => word.split('-'))]);
  const all = new Set([...Object.keys(model.one.lexicon), ...daleChall].filter((word) => /^[a-z]{3,}$/.test(word)));
  const tagged = [...all].sort().map((word) => ({ word, tags: tagsOf(word) }));
  const having = (wanted: readonly string[], own: ReadonlySet<string>): string[] =>
    tagged.flatMap(({ word, tags }) =>
      tags.some((tag) => wanted.includes(tag)) && !tags.includes('Plural') && !own.has(word) && !known.has(word)
        ? [word]
        : [],
    );
  const plurals = (words: readonly string[]): OutsideWord[] => {
    const given = new Set(words);
    return words
      .filter((word) => !(word.endsWith('s') && given.has(word.slice(0, -1))) && !OWN_NOUNS.has(word.slice(0, -1)))
      .map((word) => ({ word, other: noun.toPlural(word, model) }));
  };
  const alone = (word: string): OutsideWord => ({ word, other: word });
  const words: OutsideWords = {
    nouns: plurals(having(['Singular', 'Uncountable', 'Actor'], OWN_NOUNS)),
    // Those in -ing are participles of verbs, which may be in the other half.
    adjectives: having(['Adjective'], OWN_ADJECTIVES)
      .filter((word) => !word.endsWith('ing'))
      .map(alone),
    verbs: having(['Infinitive'], OWN_VERBS).map((word) => ({ word, other: verb.conjugate(word, model).Gerund })),
    colours: COLOURS.map((word) => alone(word.replace('-', ' '))),
    shapes: SHAPES.map((word) => ({ word: word.replace('-', ' '), other: `${word.replace('-', ' ')}s` })),
  };
  const of = (split: Split): OutsideWords => {
    const half = (each: readonly OutsideWord[]): OutsideWord[] => each.filter(({ word }) => splitOf(word) === split);
    return {
      nouns: half(words.nouns),
      adjectives: half(words.adjectives),
      verbs: half(words.verbs),
      colours: words.colours,
      shapes: words.shapes,
    };
  };
  return { training: of('training'), 'held-out': of('held-out') };
}

let gathered: Record<Split, OutsideWords> | undefined;

/**
 * Everyday English words for what is not of this world, from the lexicon of compromise and the Dale-Chall list of
 * familiar words. A hash of a noun, adjective or verb decides whether training may use it; evaluation uses the others.
 */
export function outsideWords(split: Split): OutsideWords {
  gathered ??= gather();
  return gathered[split];
}
