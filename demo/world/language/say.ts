import type { Claim, Meaning, Premise } from '../claims.ts';
import type { Random } from '../random.ts';
import { attributeClaim, neitherOf } from './attributes.ts';
import { betweenClaim } from './between.ts';
import { comparison, countClaim } from './counts.ts';
import { elsewhereClaim } from './elsewhere.ts';
import { absence, existence } from './existence.ts';
import { alikeClaim, sizesClaim } from './likeness.ts';
import { andClaim, neitherClaim, orClaim } from './logic.ts';
import { isCompound } from './noun-phrase.ts';
import { quantifiedClaim } from './quantifiers.ts';
import { relationAbsent, relationClaim, zoneClaim } from './relations.ts';
import { denied, stated, written } from './style.ts';
import { unknowableClaim } from './unknowable.ts';
import { untoldClaim } from './untold.ts';

function notClaim(random: Random, claim: Claim): string {
  if (claim.type === 'attribute' && claim.other !== undefined) return neitherOf(random, claim);
  if (random.chance(0.12)) return denied(random, said(random, claim, false));
  switch (claim.type) {
    case 'exists':
      return absence(random, claim.a);
    case 'attribute':
      // In "not red and small" it is unclear what is negated.
      return isCompound(claim.property)
        ? denied(random, said(random, claim, false))
        : attributeClaim(random, claim, true);
    case 'relation':
      // In "a circle is not left of a star" it is unclear which circle is meant. This works only with "the".
      if (!claim.aDefinite) return relationAbsent(random, claim);
      return claim.bDefinite ? relationClaim(random, claim, true) : denied(random, said(random, claim, false));
    case 'alike':
      return alikeClaim(random, claim, true);
    case 'unknowable':
      return unknowableClaim(random, claim, true);
    default:
      return denied(random, said(random, claim, false));
  }
}

/** Whether the text can be part of a longer statement. A question cannot. */
const isStatement = (text: string): boolean => !/^(is|isn't|are|does|do|can|was|has|will|would) /.test(text);

function said(random: Random, claim: Claim, alone: boolean): string {
  for (;;) {
    const text = draw(random, claim);
    // Neither can something without a verb, such as "two stars".
    if (alone || (isStatement(text) && VERB.test(text))) return text;
  }
}

const VERB =
  / (is|are|has|have|can|cannot|can't|see|shows?|contains?|depicts?|includes?|displays?|features?|lies|sits|stands|appears?|exists?|looks|was|outnumber|count|counted|spot|find|drew|weighs|costs|feels|belongs|consists|will|lacks|make|share|differ|match|separates|covers|hides|peeks|sticks|pokes|isn't|aren't|does|do|don't|doesn't) /;

function draw(random: Random, claim: Claim): string {
  const say = (part: Claim): string => said(random, part, false);
  switch (claim.type) {
    case 'exists':
      return existence(random, claim.a);
    case 'count':
      return countClaim(random, claim);
    case 'attribute':
      return attributeClaim(random, claim);
    case 'relation':
      return relationClaim(random, claim);
    case 'between':
      return betweenClaim(random, claim);
    case 'zone':
      return zoneClaim(random, claim);
    case 'sizes':
      return sizesClaim(random, claim);
    case 'alike':
      return alikeClaim(random, claim);
    case 'compare':
      return comparison(random, claim);
    case 'quantified':
      return quantifiedClaim(random, claim);
    case 'not':
      return notClaim(random, claim.claim);
    case 'and':
      return andClaim(random, claim, say);
    case 'or':
      return orClaim(random, claim, say);
    case 'neither':
      return neitherClaim(random, claim);
    case 'unknowable':
      return unknowableClaim(random, claim);
    case 'elsewhere':
      return elsewhereClaim(random, claim);
    case 'untold':
      return untoldClaim(random, claim);
  }
}

/** Says a claim as a statement that can be part of a longer sentence. */
export const sayPart = (random: Random, claim: Claim): string => said(random, claim, false);

function sayPremise(random: Random, premise: Premise): string {
  switch (premise.type) {
    case 'aside':
      return said(random, premise.claim, false);
    case 'topic':
      return said(random, { ...premise, type: 'unknowable' }, false);
    case 'reveals':
      return said(random, { type: 'attribute', a: { hidden: true }, property: premise.property }, false);
  }
}

/** One of the many ways to say it in English, as somebody might type it. */
export function sayMeaning(
  random: Random,
  { premise, claim }: Meaning,
): { readonly premise?: string; readonly hypothesis: string } {
  const text = said(random, claim, true);
  const hypothesis = written(random, isStatement(text) && VERB.test(text) ? stated(random, text) : text);
  if (premise === undefined) return { hypothesis };
  return { premise: written(random, sayPremise(random, premise)), hypothesis };
}
