/**
 * A classifier that never sees the picture: naive Bayes over words and pairs of words. Its accuracy shows how much the
 * sentences alone give away.
 */
export class TextOnly {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #totals = new Map<string, number>();
  readonly #words = new Set<string>();

  /** Learns the answer of a text. */
  learn(text: string, answer: string): void {
    const counts = this.#counts.get(answer) ?? new Map<string, number>();
    this.#counts.set(answer, counts);
    for (const feature of features(text)) {
      counts.set(feature, (counts.get(feature) ?? 0) + 1);
      this.#words.add(feature);
      this.#totals.set(answer, (this.#totals.get(answer) ?? 0) + 1);
    }
  }

  /** The most probable answer. */
  guess(text: string): string {
    let best = { answer: '', score: -Infinity };
    for (const [answer, counts] of this.#counts) {
      const total = (this.#totals.get(answer) ?? 0) + this.#words.size;
      const score = features(text).reduce(
        (sum, feature) => sum + Math.log(((counts.get(feature) ?? 0) + 1) / total),
        0,
      );
      if (score > best.score) best = { answer, score };
    }
    return best.answer;
  }
}

function features(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z0-9']+/g) ?? [];
  return [...words, ...words.slice(1).map((word, at) => `${words[at] ?? ''} ${word}`)];
}
