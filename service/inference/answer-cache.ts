import { LRUCache } from 'lru-cache';
import type { Answer } from './answer.ts';

/** Answers to keep: with their keys they take a few MiB. */
const MAX_ANSWERS = 10_000;

/** Keeps recent answers: the same pixels and tokens have the same answer, to the last bit. */
export class AnswerCache {
  readonly #answers = new LRUCache<string, Answer>({ max: MAX_ANSWERS });

  /** @param pictureKey equal for equal image files only */
  get(pictureKey: string, inputIds: readonly number[]): Answer | undefined {
    return this.#answers.get(keyOf(pictureKey, inputIds));
  }

  set(pictureKey: string, inputIds: readonly number[], answer: Answer): void {
    this.#answers.set(keyOf(pictureKey, inputIds), answer);
  }
}

function keyOf(pictureKey: string, inputIds: readonly number[]): string {
  return `${pictureKey} ${inputIds.join(' ')}`;
}
