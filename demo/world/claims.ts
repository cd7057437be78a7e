import type { Colour, Size } from './scene.ts';
import type { Shape } from './shapes.ts';

/**
 * A word for something that is not of this world: "dog", "hexagon" or "white" match no thing, and "happy" or "run" say
 * what no picture tells.
 */
export interface OutsideWord {
  /** Singular of a noun, infinitive of a verb. */
  readonly word: string;
  /** Plural of a noun, participle of a verb ("running"), or the word again. */
  readonly other: string;
}

/** The attributes that a noun phrase names. An attribute that it does not name matches every thing. */
export interface Phrase {
  readonly colour?: Colour | OutsideWord;
  readonly shape?: Shape | OutsideWord;
  readonly size?: Size;
  /** Set for "the hidden object": matches only a thing that another one covers. */
  readonly hidden?: true;
  /** With `hidden`: the thing that covers it. */
  readonly behind?: Phrase;
}

export const RELATIONS = ['left', 'right', 'above', 'below'] as const;
export type Relation = (typeof RELATIONS)[number];

/** Parts of the picture: its outer thirds, and the area around the centre. */
export const ZONES = ['left', 'right', 'top', 'bottom', 'middle'] as const;
export type Zone = (typeof ZONES)[number];

/** Topics that no picture can settle. The values of a topic exclude one another. */
export const TOPICS = {
  material: ['wood', 'metal', 'plastic', 'paper', 'glass', 'stone'],
  owner: ['anna', 'tom', 'the museum', 'the bank', 'the school'],
  weight: ['heavy', 'light'],
  warmth: ['warm', 'cold'],
  price: ['expensive', 'cheap'],
  age: ['old', 'new'],
  feel: ['soft', 'hard'],
  past: ['moved', 'unmoved'],
  future: ['removed', 'kept'],
  maker: ['printed', 'painted by hand'],
} as const satisfies Record<string, readonly string[]>;
export type Topic = keyof typeof TOPICS;

/** The logical form of a sentence. WORLD.md defines what each means for ambiguous pictures. */
export type Claim =
  | { readonly type: 'exists'; readonly a: Phrase }
  | {
      readonly type: 'count';
      readonly a: Phrase;
      readonly op: 'exactly' | 'atLeast' | 'atMost';
      readonly n: number;
    }
  | {
      readonly type: 'attribute';
      readonly a: Phrase;
      /** True if all its attributes match: "red and small". */
      readonly property: Phrase;
      /** An alternative to `property`: "red or blue". */
      readonly other?: Phrase;
    }
  | {
      readonly type: 'relation';
      readonly relation: Relation;
      readonly a: Phrase;
      readonly b: Phrase;
      /** "the" instead of "a". */
      readonly aDefinite: boolean;
      readonly bDefinite: boolean;
      /** Whether b is named before a. */
      readonly inverted: boolean;
    }
  | { readonly type: 'between'; readonly a: Phrase; readonly b: Phrase; readonly c: Phrase }
  | { readonly type: 'zone'; readonly zone: Zone; readonly a: Phrase; readonly definite: boolean }
  | {
      readonly type: 'sizes';
      readonly op: 'larger' | 'smaller' | 'same';
      readonly a: Phrase;
      readonly b: Phrase;
    }
  /** Two things have the same colour or shape. For "both stars", both phrases are the same. */
  | {
      readonly type: 'alike';
      readonly by: 'colour' | 'shape';
      readonly a: Phrase;
      readonly b: Phrase;
    }
  | {
      readonly type: 'compare';
      readonly op: 'more' | 'fewer' | 'equal';
      readonly a: Phrase;
      readonly b: Phrase;
    }
  | {
      readonly type: 'quantified';
      readonly quantity: 'all' | 'none' | 'notAll' | 'both' | 'allButOne' | 'some but not all';
      readonly a: Phrase;
      /** Things that are excepted and do not have the property: "everything but the star". */
      readonly except?: Phrase;
      readonly property: Phrase;
      /** Each thing has one or the other: "red or blue". */
      readonly other?: Phrase;
    }
  | { readonly type: 'not'; readonly claim: Claim }
  | { readonly type: 'and'; readonly left: Claim; readonly right: Claim }
  | { readonly type: 'or'; readonly left: Claim; readonly right: Claim }
  | { readonly type: 'neither'; readonly left: Claim; readonly right: Claim }
  | {
      readonly type: 'unknowable';
      readonly topic: Topic;
      readonly value: number;
      readonly a: Phrase;
    }
  /**
   * What no picture tells, in words from outside the world: "the star is happy", "a dog is running". No if there is no
   * such thing, else undecidable.
   */
  | {
      readonly type: 'untold';
      readonly form: 'adjective' | 'verb' | 'noun';
      readonly word: OutsideWord;
      /** Another thing or place, after a verb: "in the garden". */
      readonly where?: OutsideWord;
      readonly a: Phrase;
      readonly definite: boolean;
      /** About several things, "the stars are happy": nobody says it of one. */
      readonly several?: true;
      /** What an adjective compares with: "happier than the heart", or "than any of the hearts" if there are several. */
      readonly than?: { readonly phrase: Phrase; readonly several: boolean };
    }
  /** Undecidable, and of no topic that a premise could settle: what is outside the frame, for example. */
  | { readonly type: 'elsewhere'; readonly a: Phrase };

/** What is given as true in addition to the picture. */
export type Premise =
  /** Something that the picture shows too, or that is unrelated to the claim: it decides nothing. */
  | { readonly type: 'aside'; readonly claim: Claim }
  | { readonly type: 'topic'; readonly topic: Topic; readonly value: number; readonly a: Phrase }
  /** Reveals what the hidden thing is. */
  | { readonly type: 'reveals'; readonly property: Phrase };

/** The meaning of a sentence, with its premise. */
export interface Meaning {
  readonly premise?: Premise;
  readonly claim: Claim;
}

/** The categories by which results are broken down. */
export const KINDS = [
  'existence',
  'colour',
  'size',
  'shape',
  'count',
  'spatial',
  'between',
  'comparison',
  'negation',
  'conjunction',
  'disjunction',
  'universal',
  'undecidable',
  'premise',
] as const;
export type Kind = (typeof KINDS)[number];
