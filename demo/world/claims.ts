import type { Colour, Size } from './scene.ts';
import type { Shape } from './shapes.ts';

/** What a noun phrase says of a thing; what it leaves open fits every thing. */
export interface Phrase {
  readonly colour?: Colour;
  readonly shape?: Shape;
  readonly size?: Size;
  /** Set for "the hidden object": only things that another covers. */
  readonly hidden?: true;
  /** With `hidden`: the thing in front of it. */
  readonly behind?: Phrase;
}

export const RELATIONS = ['left', 'right', 'above', 'below'] as const;
export type Relation = (typeof RELATIONS)[number];

/** Parts of the picture: its outer thirds, and what is near the centre. */
export const ZONES = ['left', 'right', 'top', 'bottom', 'middle'] as const;
export type Zone = (typeof ZONES)[number];

/** What no picture tells; every topic's values exclude one another. */
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

/** The logical form of a sentence. See WORLD.md for what each means where a picture leaves room for doubt. */
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
      /** All that it says holds: "red and small". */
      readonly property: Phrase;
      /** Or else this: "red or blue". */
      readonly other?: Phrase;
    }
  | {
      readonly type: 'relation';
      readonly relation: Relation;
      readonly a: Phrase;
      readonly b: Phrase;
      /** "the", not "a". */
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
  /** Two things of one colour or shape; the same phrase twice for "both stars". */
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
      /** Things that are left out, and have not the property: "everything but the star". */
      readonly except?: Phrase;
      readonly property: Phrase;
      /** Each has one or the other: "red or blue". */
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
  /** Undecidable without a topic that a premise could settle, such as what is outside the frame. */
  | { readonly type: 'elsewhere'; readonly a: Phrase };

/** What is given as true besides the picture. */
export type Premise =
  /** Something that the picture shows as well, or leaves open: it settles nothing that the claim says. */
  | { readonly type: 'aside'; readonly claim: Claim }
  | { readonly type: 'topic'; readonly topic: Topic; readonly value: number; readonly a: Phrase }
  /** What the hidden thing is. */
  | { readonly type: 'reveals'; readonly property: Phrase };

/** What a sentence pair means. */
export interface Meaning {
  readonly premise?: Premise;
  readonly claim: Claim;
}

/** The subject of a sentence, as results are broken down. */
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
