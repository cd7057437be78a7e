import type { ModelInfo } from '../inference/predictor.ts';
import type { TextWarningSummary } from '../requests/text-warnings.ts';

/** The parameters of a response, which the protocol limits to texts, numbers and booleans. */
export interface AnswerParameters {
  /** Identifies the model's package. */
  readonly digest: string;
  /** The warnings about texts as a JSON list, the same as in the answers of `/predict`; absent if there are none. */
  readonly warnings?: string;
}

export function answerParameters({ digest }: ModelInfo, textWarnings: readonly TextWarningSummary[]): AnswerParameters {
  return textWarnings.length === 0 ? { digest } : { digest, warnings: JSON.stringify(textWarnings) };
}
