import { allowedAfter } from './answers.ts';
import { withConfigDefaults, withTaskDefaults, type ReferenceConfig, type ReferenceTask } from './config.ts';
import { decode, projection } from './decoder.ts';
import { encode } from './encoder.ts';
import { dot, logSoftmax, rowOf, softmax, type Matrix } from './matrix.ts';
import type { Weights } from './weights.ts';

export type { Tensor, Weights } from './weights.ts';
export type { ReferenceConfig, ReferenceTask } from './config.ts';

/** A question to the model. */
export interface ReferenceInput {
  /** The parsed config.json. Other fields are ignored. */
  readonly config: Partial<ReferenceConfig>;
  /** `model` of the parsed configuration.json. Other fields are ignored. */
  readonly task: Partial<ReferenceTask>;
  readonly weights: Weights;
  /** RGB bytes [patch_image_size, patch_image_size, 3]. */
  readonly pixels: Uint8Array;
  /** The encoder's tokens, with `<s>` and `</s>`, without padding. */
  readonly inputIds: readonly number[];
  /** Tokens of each answer, without `</s>`. */
  readonly answers: readonly (readonly number[])[];
}

/** The model's output. All arrays are in the order of `answers`. */
export interface ReferenceResult {
  /** Sums of constrained log-probabilities along each answer, `</s>` included. */
  readonly logScores: number[];
  /** The softmax of `logScores`. */
  readonly probabilities: number[];
  /** The unconstrained logit of each answer's first token at the decoder prompt's last position. */
  readonly firstTokenLogits: number[];
  /** The encoder's last states, image positions then text: [positions, d_model]. */
  readonly encoderOut: Matrix;
}

/**
 * The model in double precision, slow and simple: nothing is folded or cached, and there is one sequence at a time.
 * It shares no code with the compiler that it tests.
 */
export function referenceAnswer(input: ReferenceInput): ReferenceResult {
  const { weights, answers } = input;
  const config = withConfigDefaults(input.config);
  const task = withTaskDefaults(input.task);
  const encoded = encode(weights, config, task, input.pixels, input.inputIds);
  const prompt = decoderPrompt(config, task, input.inputIds);
  const table = projection(weights, config);
  const firstTokenLogits: number[] = [];
  const logScores = answers.map((answer) => {
    const states = decode(weights, config, encoded, [...prompt, ...answer]);
    let score = 0;
    for (let step = 0; step <= answer.length; step++) {
      const state = rowOf(states, prompt.length - 1 + step);
      const target = answer[step] ?? config.eos_token_id;
      const allowed = allowedAfter(answers, answer, step, config.eos_token_id);
      const logits = allowed.map((token) => dot(state, rowOf(table, token)));
      score += logSoftmax(logits)[allowed.indexOf(target)] ?? NaN;
      if (step === 0) firstTokenLogits.push(dot(state, rowOf(table, target)));
    }
    return score;
  });
  return { logScores, probabilities: softmax(logScores), firstTokenLogits, encoderOut: encoded.states };
}

/** The decoder's tokens before the answer. */
function decoderPrompt(config: ReferenceConfig, task: ReferenceTask, inputIds: readonly number[]): readonly number[] {
  switch (task.prompt_type) {
    case 'none':
      return [config.bos_token_id];
    case 'prev_output':
      return inputIds.slice(0, -1);
    default:
      throw new Error(`no such prompt_type: ${task.prompt_type}`);
  }
}
