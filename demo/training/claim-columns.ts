import { encodePrompt } from '../../model/input/tokens.ts';
import type { Tokenizer } from '../../model/package/tokenizer.ts';
import type { Pair } from '../world/pairs.ts';
import { CLAIM_TARGETS, claimTargets } from '../world/targets.ts';
import { TEXT } from './text.ts';

/** Most claims of a sentence that have targets of their own. */
const MOST_CLAIMS = 7;
/** Columns of a claim: the position of its last token, then its targets. */
const EACH = 1 + CLAIM_TARGETS;
export const CLAIM_COLUMNS = MOST_CLAIMS * EACH;

/** The last tokens and the targets of the claims of sentences. */
export class ClaimColumns {
  readonly #tokenizer: Tokenizer;
  /** Tokens that follow the hypothesis in a prompt: a quotation mark, the question mark and the end. */
  readonly #after: number;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
    const [one, other] = [this.#idsOf('red'), this.#idsOf('there')];
    let same = 0;
    while (one.at(-1 - same) === other.at(-1 - same)) same++;
    this.#after = same;
  }

  /**
   * @param ids the tokens of the whole prompt
   * @returns -1 where there are fewer than MOST_CLAIMS, or where a claim combines others
   */
  of({ scene, meaning, hypothesis, claims }: Pair, ids: readonly number[]): readonly number[] {
    const columns = new Array<number>(CLAIM_COLUMNS).fill(-1);
    const last = ids.length - this.#after - 1;
    const found =
      claims?.map(({ claim, end }) => ({
        claim,
        at: Math.min(last, this.#lastToken(ids, hypothesis.slice(0, end))),
      })) ?? (meaning.premise === undefined ? [{ claim: meaning.claim, at: last }] : []);
    for (const [index, { claim, at }] of found.slice(0, MOST_CLAIMS).entries()) {
      const targets = claimTargets(scene, claim);
      if (targets !== undefined) columns.splice(index * EACH, EACH, at, ...targets);
    }
    return columns;
  }

  /** The position of the last token that a prompt shares with that of the beginning of its hypothesis. */
  #lastToken(ids: readonly number[], beginning: string): number {
    const until = this.#idsOf(beginning);
    let same = 0;
    while (same < until.length && until[same] === ids[same]) same++;
    return same - 1;
  }

  #idsOf(hypothesis: string): readonly number[] {
    return encodePrompt(this.#tokenizer, TEXT, hypothesis).ids;
  }
}
