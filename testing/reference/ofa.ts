import { allowedAfter } from './answers.ts';
import { withConfigDefaults, withTaskDefaults } from './config.ts';
import type { ReferenceConfig, ReferenceTask } from './config.ts';
import { decode, projection } from './decoder.ts';
import { encode } from './encoder.ts';
import { dot, logSoftmax, rowOf, softmax } from './matrix.ts';
import type { Matrix } from './matrix.ts';
import type { Weights } from './weights.ts';

export type { Tensor, Weights } from './weights.ts';
export type { ReferenceConfig, ReferenceTask } from './config.ts';

/** One question to the model. */
export interface ReferenceInput {
  /** The parsed config.json; other fields are ignored. */
  readonly config: Partial<ReferenceConfig>;
  /** `model` of the parsed configuration.json; other fields are ignored. */
  readonly task: Partial<ReferenceTask>;
  readonly weights: Weights;
  /** RGB bytes [patch_image_size, patch_image_size, 3]. */
  readonly pixels: Uint8Array;
  /** The encoder's tokens, `<s>` and `</s>` included, without padding. */
  readonly inputIds: readonly number[];
  /** Tokens of each answer, in the order of the result, without `</s>`. */
  readonly answers: readonly (readonly number[])[];
}

/** What the model says. */
export interface ReferenceResult {
  /** Sums of constrained log-probabilities along each answer, `</s>` included. */
  readonly logScores: number[];
  /** Their softmax. */
  readonly probabilities: number[];
  /** The unconstrained logit of each answer's first token at the decoder prompt's last position. */
  readonly firstTokenLogits: number[];
  /** The encoder's last states, image positions then text: [positions, d_model]. */
  readonly encoderOut: Matrix;
}

/**
 * The model in double precision, step by step and slowly: nothing folded, nothing cached, one sequence at a
 * time. It shares no code with the compiler that it judges.
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

/** What the decoder reads before the answer. */
function decoderPrompt(
  config: ReferenceConfig,
  task: ReferenceTask,
  inputIds: readonly number[],
): readonly number[] {
  switch (task.prompt_type) {
    case 'none':
      return [config.bos_token_id];
    case 'prev_output':
      return inputIds.slice(0, -1);
    default:
      throw new Error(`no such prompt_type: ${task.prompt_type}`);
  }
}
