import type { Answer } from '../service/inference/answer.ts';

/** An answer as the commands print it with --json. */
export function answerFields({ result, label, confidence, scores, logScores }: Answer): object {
  return { result, label, confidence, scores, log_scores: logScores };
}
