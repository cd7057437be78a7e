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
 * @param probabilities float32 [A]
 * @param logScores float32 [A]
 */
export function toAnswer(labels: readonly string[], probabilities: Float32Array, logScores: Float32Array): Answer {
  let result = 0;
  for (let index = 1; index < labels.length; index++) {
    if ((probabilities[index] ?? 0) > (probabilities[result] ?? 0)) result = index;
  }
  return {
    result,
    label: labels[result] ?? '',
    confidence: probabilities[result] ?? 0,
    scores: byLabel(labels, probabilities),
    logScores: byLabel(labels, logScores),
  };
}

function byLabel(labels: readonly string[], values: Float32Array): Record<string, number> {
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? 0]));
}
