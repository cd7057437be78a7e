/** The model's judgement of one hypothesis. */
export interface Answer {
  /** Index of `label` in the labels. */
  readonly result: number;
  readonly label: string;
  /** Probability of `label`. */
  readonly confidence: number;
  /** Probability of each label, in their order; the sum is 1. */
  readonly scores: Readonly<Record<string, number>>;
  /** Natural logarithm of each label's score before normalization over the answers. */
  readonly logScores: Readonly<Record<string, number>>;
}

/**
 * Converts one row of the engine's output.
 *
 * @param answers the labels
 * @param probabilities float32 [A]
 * @param logScores float32 [A]
 */
export function toAnswer(answers: readonly string[], probabilities: Float32Array, logScores: Float32Array): Answer {
  let result = 0;
  for (let index = 1; index < answers.length; index++) {
    if ((probabilities[index] ?? 0) > (probabilities[result] ?? 0)) result = index;
  }
  return {
    result,
    label: answers[result] ?? '',
    confidence: probabilities[result] ?? 0,
    scores: byAnswer(answers, probabilities),
    logScores: byAnswer(answers, logScores),
  };
}

function byAnswer(answers: readonly string[], values: Float32Array): Record<string, number> {
  return Object.fromEntries(answers.map((answer, index) => [answer, values[index] ?? 0]));
}
