import { TOPICS, type Claim, type Kind, type Meaning, type Phrase, type Premise, type Topic } from './claims.ts';
import { hiddenReference, phrase, unique } from './phrases.ts';
import type { Random } from './random.ts';
import { SIZES, type Scene } from './scene.ts';
import { SHAPES } from './shapes.ts';
import { conjunction, disjunction } from './sample-compound.ts';
import { attribute, between, compare, count, quantified, relation, zone } from './sample-simple.ts';

function negation(random: Random, scene: Scene): Claim {
  const draw = random.next();
  if (draw < 0.4) return { type: 'not', claim: { type: 'exists', a: phrase(random, scene) } };
  if (draw < 0.75) {
    const property = random.pick(['colour', 'colour', 'size', 'shape'] as const);
    return { type: 'not', claim: attribute(random, scene, property) };
  }
  if (draw < 0.88) return { type: 'not', claim: relation(random, scene) };
  return { type: 'not', claim: random.chance(0.5) ? count(random, scene) : compare(random, scene) };
}

function topic(random: Random): { topic: Topic; value: number } {
  const name = random.pick(Object.keys(TOPICS) as Topic[]);
  return { topic: name, value: random.int(TOPICS[name].length) };
}

/** The attributes that covering hides. */
function covered(random: Random, a: Phrase): Claim {
  const property = random.chance(0.7) ? { shape: random.pick(SHAPES) } : { size: random.pick(SIZES) };
  const claim: Claim = { type: 'attribute', a, property };
  return random.chance(0.15) ? { type: 'not', claim } : claim;
}

function undecidable(random: Random, scene: Scene): Claim {
  const hidden = random.chance(0.6) ? hiddenReference(random, scene) : undefined;
  if (hidden !== undefined) return covered(random, hidden);
  const a = random.chance(0.15) ? {} : unique(random, scene);
  const draw = random.next();
  if (draw < 0.25) return { type: 'elsewhere', a: unique(random, scene) };
  const claim: Claim = { type: 'unknowable', ...topic(random), a };
  return draw < 0.35 ? { type: 'not', claim } : claim;
}

const SIMPLE = ['existence', 'colour', 'size', 'shape', 'count', 'spatial', 'negation', 'universal'] as const;

function premised(random: Random, scene: Scene): Meaning {
  const draw = random.next();
  if (draw < 0.45) {
    const a = unique(random, scene);
    const premise: Premise = { type: 'topic', ...topic(random), a };
    const same = random.chance(0.75);
    const value = random.chance(0.3) ? premise.value : random.int(TOPICS[premise.topic].length);
    const claim: Claim = {
      type: 'unknowable',
      ...(same ? { topic: premise.topic, value } : topic(random)),
      a,
    };
    return { premise, claim: random.chance(0.2) ? { type: 'not', claim } : claim };
  }
  const { claim } = sampleMeaning(random, scene, random.pick(SIMPLE));
  const hidden = scene.things.find((thing) => thing.hidden);
  if (hidden !== undefined && draw < 0.75) {
    const property = { shape: random.chance(0.5) ? hidden.shape : random.pick(SHAPES) };
    const told = random.chance(0.5) ? property : { shape: random.pick(SHAPES) };
    const is: Claim = { type: 'attribute', a: { hidden: true }, property: told };
    const exists: Claim = { type: 'exists', a: property };
    return { premise: { type: 'reveals', property }, claim: random.pick([claim, exists, is]) };
  }
  const aside = random.chance(0.5)
    ? undecidable(random, scene)
    : sampleMeaning(random, scene, random.pick(['existence', 'colour', 'count'] as const)).claim;
  return { premise: { type: 'aside', claim: aside }, claim };
}

/** The meaning of a sentence of this kind about the scene, or about a similar one. It may have any answer. */
export function sampleMeaning(random: Random, scene: Scene, kind: Kind): Meaning {
  switch (kind) {
    case 'existence':
      return { claim: { type: 'exists', a: phrase(random, scene) } };
    case 'colour':
    case 'size':
    case 'shape':
      return { claim: attribute(random, scene, kind) };
    case 'count':
      return { claim: count(random, scene) };
    case 'spatial':
      return { claim: random.chance(0.15) ? zone(random, scene) : relation(random, scene) };
    case 'between':
      return { claim: between(random, scene) };
    case 'comparison':
      return { claim: compare(random, scene) };
    case 'negation':
      return { claim: negation(random, scene) };
    case 'conjunction':
      return { claim: conjunction(random, scene) };
    case 'disjunction':
      return { claim: disjunction(random, scene) };
    case 'universal':
      return { claim: quantified(random, scene) };
    case 'undecidable':
      return { claim: undecidable(random, scene) };
    case 'premise':
      return premised(random, scene);
  }
}
