import type { OfaConfig, TaskConfig } from '../checkpoint/config.ts';
import type { Weights } from '../checkpoint/weights.ts';
import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import type { Graph, Value } from '../onnx/graph.ts';
import { Ops } from '../onnx/ops.ts';
import type { FloatType } from '../onnx/tensor.ts';
import { GRAPH_IO } from '../../package/layout.ts';
import { scoreAnswers } from './answer-head.ts';
import { answerTrie } from './answers.ts';
import { decode } from './decoder.ts';
import { embedImage, embedScale, encode } from './encoder.ts';
import { Module } from './module.ts';
import { type Parameter, Parameters } from './parameters.ts';
import { TABLE_ROWS, tokenTables } from './token-tables.ts';
import { HALF, IMAGENET, imageTrunk } from './trunk.ts';

/** Scope of the nodes from the decoder's states to the answers. */
export const ANSWER_HEAD = 'answers';

/** What the graph needs to know about the vocabulary. */
interface GraphVocabulary {
  /** Tokens that a text can contain. The graph leaves out the rows of the token table after them. */
  readonly size: number;
  readonly special: { readonly bos: number; readonly pad: number; readonly eos: number };
  /** The tokens of each answer, without `</s>`. */
  readonly answers: readonly (readonly number[])[];
}

/** Everything that determines the graph. */
export interface GraphSource {
  readonly weights: Weights;
  readonly config: OfaConfig;
  readonly task: TaskConfig;
  readonly vocabulary: GraphVocabulary;
  /** Longest text in tokens, `<s>` and `</s>` included. */
  readonly textLength: number;
  /** Type of weights and activations. */
  readonly float: FloatType;
}

/**
 * The whole model as a graph, from pixels and tokens to the probabilities of the answers; its tensor
 * {@link GRAPH_IO.imageFeatures} holds all that the rest needs to know about the image. OFA: Wang et al., "OFA:
 * Unifying Architectures, Tasks, and Modalities Through a Simple Sequence-to-Sequence Learning Framework", 2022.
 *
 * @returns the graph, and the number of the checkpoint's parameters that it uses
 * @throws UserError if the checkpoint lacks a tensor, or a tensor does not have the shape that its configuration
 *   requires
 */
export function ofaGraph(source: GraphSource): { graph: Graph; parameters: number } {
  const { config, task, vocabulary, textLength } = source;
  const { special } = vocabulary;
  const parameters = new Parameters(source.weights);
  checkDepths(source.weights, parameters, config);
  checkHeadFactors(source.weights.tensors.keys());
  const graph = new Ops();
  const model = new Module(graph, config, parameters, source.float);
  const [encoder, decoder] = [model.at('encoder'), model.at('decoder')];
  const { pixels, inputIds } = declareInputs(graph, task.patchImageSize, textLength);
  checkVocabulary(config, vocabulary);
  const tables = tokenTables(parameters, config);
  const tokenTable = (): Value => emitTable(model, tables.input, vocabulary.size);

  const normalisation = task.imagenetMeanStd ? IMAGENET : HALF;
  const features = graph.scope('trunk', () => imageTrunk(encoder.at('embed_images'), pixels, normalisation));
  const embedded = graph.scope('encoder', () => graph.scope('image', () => embedImage(encoder, features)));
  // float32, which holds every float16: Node.js 24 cannot pass float16 to ONNX Runtime.
  const image = graph.named(GRAPH_IO.imageFeatures, graph.cast(embedded, 'float32'));
  const encoded = graph.scope('encoder', () =>
    encode(encoder, {
      image: graph.cast(image, encoder.float),
      grid: features.shape[2] ?? 1,
      inputIds,
      tokenTable: tokenTable(),
      padToken: special.pad,
      textLength,
    }),
  );
  const trie = answerTrie(vocabulary.answers, task.answers, special.eos);
  const decoded = graph.scope('decoder', () => {
    const inputs = { inputIds, tokenTable: tokenTable(), special, trie, textLength, encoded };
    return decode(decoder, inputs, task.promptType);
  });
  const scores = graph.scope(ANSWER_HEAD, () => scoreAnswers(decoder, decoded, trie, tables.output));

  const dims = ['batch', task.answers.length];
  const finished = graph.finish('ofa-visual-entailment', [
    graph.output(GRAPH_IO.probabilities, scores.probabilities, dims),
    graph.output(GRAPH_IO.logScores, scores.logScores, dims),
  ]);
  return { graph: finished, parameters: parameters.takenElements() };
}

function declareInputs(graph: Ops, size: number, length: number): { pixels: Value; inputIds: Value } {
  const pixels: Value = { name: GRAPH_IO.image, type: 'uint8', shape: [1, size, size, 3] };
  const inputIds: Value = { name: GRAPH_IO.inputIds, type: 'int64', shape: [1, length] };
  return {
    pixels: graph.input(pixels, ['batch', size, size, 3]),
    inputIds: graph.input(inputIds, ['batch', 'tokens']),
  };
}

/** The checkpoint must have exactly the layers that its configuration lists. */
function checkDepths({ tensors }: Weights, parameters: Parameters, config: OfaConfig): void {
  const depths = [
    ['encoder.layers', 'encoder_layers', config.encoderLayers],
    ['decoder.layers', 'decoder_layers', config.decoderLayers],
  ] as const;
  for (const [path, field, expected] of depths) {
    const found = parameters.count(path);
    if (found === 0) {
      const names = [...tensors.keys()];
      const example = names.find((name) => name.includes('layers.0.')) ?? names[0] ?? '';
      throw new UserError(
        'checkpoint-unsupported',
        `The checkpoint has no tensors under ${path}, but others such as ${shorten(example)}: save the state dict of the OFA model ` +
          'itself, without a module around it or inside it.',
      );
    }
    if (found !== expected) {
      throw new UserError(
        'checkpoint-incomplete',
        `The checkpoint has ${found} layers under ${path}, but ${field} in config.json is ${expected}.`,
      );
    }
  }
}

/**
 * A model has `c_attn` in all its attentions or, trained without `scale_heads`, in none, where it counts as ones.
 *
 * @throws UserError if one attention has it and another lacks it
 */
function checkHeadFactors(names: Iterable<string>): void {
  const all = new Set(names);
  const attentions = [...all].flatMap(
    (name) => /^((?:en|de)coder\.layers\..*_attn)\.out_proj\.weight$/.exec(name)?.[1] ?? [],
  );
  const lacking = attentions.filter((attention) => !all.has(`${attention}.c_attn`));
  if (lacking[0] === undefined || lacking.length === attentions.length) return;
  throw new UserError(
    'checkpoint-incomplete',
    `The checkpoint has no tensor ${shorten(`${lacking[0]}.c_attn`)}, although other attentions have theirs.`,
  );
}

/** @throws UserError if a text can have tokens that the model does not have */
function checkVocabulary({ vocabSize }: OfaConfig, { size }: GraphVocabulary): void {
  if (size <= vocabSize) return;
  throw new UserError(
    'vocabulary-invalid',
    `vocab.json has ${size} tokens, but the model's table has only ${vocabSize} rows (vocab_size): ` +
      'it is not the vocabulary that this checkpoint was trained with.',
  );
}

/** The first rows of a token table as a constant, scaled. */
function emitTable(model: Module, table: Parameter, rows: number): Value {
  const scale = embedScale(model.config);
  return model.constant(table.name, [rows, model.config.dModel], async function* () {
    for (let from = 0; from < rows; from += TABLE_ROWS) {
      const values = await table.readRows(from, Math.min(rows, from + TABLE_ROWS));
      yield scale === 1 ? values : values.map((value) => value * scale);
    }
  });
}
