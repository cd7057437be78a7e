import { UserError } from '../../errors.ts';
import type { OfaConfig } from '../checkpoint/config.ts';
import type { Weights } from '../checkpoint/weights.ts';
import { type Parameter, Parameters } from './parameters.ts';

/** Rows of a token table that are read at a time. */
export const TABLE_ROWS = 4096;

/** The token tables [vocabulary, width]. */
interface TokenTables {
  /** Of the encoder and the decoder, which share one. */
  readonly input: Parameter;
  /** The output projection, in most checkpoints the same table. */
  readonly output: Parameter;
}

/** The names that the encoder's and the decoder's table have. */
const INPUTS = ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'] as const;
const OUTPUT = 'decoder.output_projection.weight';

/** The names that one table has in a file, which may have any of them. */
function namesOfInput({ shareDecoderInputOutputEmbed: tied }: OfaConfig): readonly string[] {
  return tied ? [...INPUTS, OUTPUT] : INPUTS;
}

/** @throws UserError if a table is missing or has another shape */
export function tokenTables(parameters: Parameters, config: OfaConfig): TokenTables {
  const shape = [config.vocabSize, config.dModel];
  const name = namesOfInput(config).find((each) => parameters.has(each)) ?? INPUTS[0];
  const input = parameters.get(name, shape);
  return { input, output: config.shareDecoderInputOutputEmbed ? input : parameters.get(OUTPUT, shape) };
}

/**
 * Refuses a checkpoint with different values for what is one table in OFA. Which of them would count depends on who
 * loads it: PyTorch, and transformers up to 4.4x, let the last one win, newer ones take the output's for the output alone.
 *
 * @throws UserError `checkpoint-unsupported`
 */
export async function checkSharedTables(weights: Weights, config: OfaConfig): Promise<void> {
  const parameters = new Parameters(weights);
  const shape = [config.vocabSize, config.dModel];
  const [first = '', ...others] = namesOfInput(config).filter((name) => parameters.has(name));
  for (const other of others) {
    if (parameters.tied(first, other)) continue;
    if (await haveSameRows(parameters.get(first, shape), parameters.get(other, shape))) continue;
    const why =
      other === OUTPUT
        ? 'share_decoder_input_output_embed, which is true in config.json or by default, makes them one: set it to false ' +
          'if the model was trained with an output projection of its own'
        : 'OFA has one table for the encoder and the decoder: a model that was trained with two is not supported';
    throw new UserError('checkpoint-unsupported', `The checkpoint's tensors ${first} and ${other} differ, but ${why}.`);
  }
}

async function haveSameRows(one: Parameter, other: Parameter): Promise<boolean> {
  const [rows = 0] = one.shape;
  for (let from = 0; from < rows; from += TABLE_ROWS) {
    const to = Math.min(rows, from + TABLE_ROWS);
    const values = await other.readRows(from, to);
    if ((await one.readRows(from, to)).some((value, at) => value !== values[at])) return false;
  }
  return true;
}
