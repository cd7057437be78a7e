import type { OfaConfig, TaskConfig, Weights } from '../checkpoint/index.ts';
import { UserError } from '../../errors.ts';
import type { Graph, GraphBuilder, Value } from '../onnx/graph.ts';
import { GRAPH_IO } from '../../package/manifest.ts';
import { answerHead } from './answer-head.ts';
import { answerTrie } from './answers.ts';
import { decoder } from './decoder.ts';
import type { DecoderContext } from './decoder-context.ts';
import { Emitter } from './emitter.ts';
import { type EncoderContext, type EncoderOutput, embedScale, encoder } from './encoder.ts';
import { type Parameter, Parameters } from './parameters.ts';
import { HALF, IMAGENET, imageTrunk } from './trunk.ts';

/** Rows of the token table that are read and written at a time. */
const TABLE_ROWS = 4096;

/** What the graph has to know of the vocabulary. */
export interface GraphVocabulary {
  /** Tokens that a text can hold; rows of the model's table past them are left out. */
  readonly size: number;
  readonly special: { readonly bos: number; readonly pad: number; readonly eos: number };
  /** Each answer's tokens, without `</s>`. */
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
  readonly precision: 'fp32' | 'fp16';
}

/**
 * The whole model as a graph, from pixels and tokens to the answers' probabilities.
 *
 * @throws UserError if the checkpoint lacks a tensor, or one has another shape than its configuration says
 */
export function ofaGraph(source: GraphSource): { graph: Graph; parameters: number } {
  const { config, task, vocabulary } = source;
  const all = new Parameters(source.weights);
  checkDepths(all, config);
  const emitter = new Emitter(source.precision === 'fp16' ? 'float16' : 'float32');
  const { builder } = emitter;
  const { image, inputIds } = inputs(builder, task.patchImageSize, source.textLength);
  const tables = tokenTables(all, config, vocabulary);
  const encoded = encode(source, all, emitter, { image, inputIds, tokenTable: tables.encoder(emitter) });
  const trie = answerTrie(vocabulary.answers, task.answers, vocabulary.special.eos);
  const parameters = all.at('decoder');
  const context: DecoderContext = {
    emitter,
    parameters,
    config,
    tokenTable: tables.decoder(emitter),
    special: vocabulary.special,
    trie,
    textLength: source.textLength,
    encoded,
  };
  const decoded = builder.scope('decoder', () => decoder(context, task.promptType, inputIds));
  const scores = builder.scope('answers', () =>
    answerHead(emitter, parameters, decoded, trie, tables.projection, config.decoderNormalizeBefore),
  );
  const dims = ['batch', task.answers.length];
  const graph = builder.finish('ofa-visual-entailment', [
    builder.output(GRAPH_IO.probabilities, scores.probabilities, dims),
    builder.output(GRAPH_IO.logScores, scores.logScores, dims),
  ]);
  return { graph, parameters: all.takenElements() };
}

interface EncoderInputs {
  readonly image: Value;
  readonly inputIds: Value;
  readonly tokenTable: Value;
}

function inputs(builder: GraphBuilder, size: number, length: number): Omit<EncoderInputs, 'tokenTable'> {
  return {
    image: builder.input({ name: GRAPH_IO.image, type: 'uint8', shape: [1, size, size, 3] }, [
      'batch',
      size,
      size,
      3,
    ]),
    inputIds: builder.input({ name: GRAPH_IO.inputIds, type: 'int64', shape: [1, length] }, [
      'batch',
      'tokens',
    ]),
  };
}

/** The image trunk, and the encoder over its features and the text. */
function encode(
  { config, task, textLength, precision, vocabulary }: GraphSource,
  all: Parameters,
  emitter: Emitter,
  { image, inputIds, tokenTable }: EncoderInputs,
): EncoderOutput {
  const parameters = all.at('encoder');
  const normalisation = task.imagenetMeanStd ? IMAGENET : HALF;
  const features = emitter.builder.scope('trunk', () =>
    imageTrunk(emitter, parameters.at('embed_images'), image, normalisation),
  );
  const context: EncoderContext = {
    emitter,
    parameters,
    config,
    extent: { grid: features.shape[2] ?? 1, textLength },
    paddingStyle: precision === 'fp16' ? 'bias' : 'mask',
    tokenTable,
    padToken: vocabulary.special.pad,
  };
  return emitter.builder.scope('encoder', () => encoder(context, features, inputIds));
}

/** The checkpoint must have just the layers that its configuration counts. */
function checkDepths(all: Parameters, config: OfaConfig): void {
  const depths = [
    ['encoder.layers', all.count('encoder.layers'), 'encoder_layers', config.encoderLayers],
    ['decoder.layers', all.count('decoder.layers'), 'decoder_layers', config.decoderLayers],
  ] as const;
  for (const [path, found, field, expected] of depths) {
    if (found !== expected) {
      throw new UserError(
        'checkpoint-incomplete',
        `The checkpoint has ${found} layers under ${path}, but ${field} in config.json makes it ${expected}.`,
      );
    }
  }
}

interface TokenTables {
  readonly encoder: (emitter: Emitter) => Value;
  readonly decoder: (emitter: Emitter) => Value;
  readonly projection: Parameter;
}

/** The encoder's, the decoder's and the output's token tables, which most checkpoints tie. */
function tokenTables(all: Parameters, config: OfaConfig, vocabulary: GraphVocabulary): TokenTables {
  const shape = [config.vocabSize, config.dModel];
  if (vocabulary.size > config.vocabSize) {
    throw new UserError(
      'vocabulary-invalid',
      `vocab.json has ${vocabulary.size} tokens, but the model's table has only ${config.vocabSize} rows (vocab_size): ` +
        'the vocabulary is not the one that this checkpoint was trained with.',
    );
  }
  const names = {
    encoder: 'encoder.embed_tokens.weight',
    decoder: 'decoder.embed_tokens.weight',
    output: 'decoder.output_projection.weight',
  };
  const tied = config.shareDecoderInputOutputEmbed;
  // Some files keep a tensor that has several names under one of them.
  const present = [names.encoder, names.decoder, ...(tied ? [names.output] : [])].filter((name) =>
    all.has(name),
  );
  const encoderTable = all.get(present[0] ?? names.encoder, shape);
  const own = all.has(names.decoder) && !all.tied(encoderTable.name, names.decoder);
  const decoderTable = own ? all.get(names.decoder, shape) : encoderTable;
  const projection = tied ? decoderTable : all.get(names.output, shape);
  return {
    encoder: (emitter) => emitTable(emitter, encoderTable, config, vocabulary.size),
    decoder: (emitter) => emitTable(emitter, decoderTable, config, vocabulary.size),
    projection,
  };
}

function emitTable(emitter: Emitter, table: Parameter, config: OfaConfig, rows: number): Value {
  const scale = embedScale(config);
  return emitter.constant(table.name, [rows, config.dModel], async function* () {
    for (let from = 0; from < rows; from += TABLE_ROWS) {
      const values = await table.readRows(from, Math.min(rows, from + TABLE_ROWS));
      yield scale === 1 ? values : values.map((value) => value * scale);
    }
  });
}
