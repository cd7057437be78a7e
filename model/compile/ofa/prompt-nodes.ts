import type { Value } from '../onnx/graph.ts';
import { lineage } from './answers.ts';
import {
  type DecoderInputs,
  type DecoderPrompt,
  END,
  cutToSources,
  isLastOfPrompt,
  positionConstant,
  promptBiases,
  promptIds,
} from './decoder-prompt.ts';
import type { Module } from './module.ts';
import { MASKED, range } from './position-bias.ts';

/**
 * `prompt_type` prev_output with inner nodes. The position of a node depends on where its prompt ends, so the biases
 * are picked from the constants by position, as products with one-hot matrices.
 */
export function textPromptWithNodes(decoder: Module, inputs: DecoderInputs): DecoderPrompt {
  const { config, graph } = decoder;
  const { inputIds, encoded, special } = inputs;
  const nodes = inputs.trie.inner;
  const count = inputs.textLength - 1 + Math.max(...nodes.map((node) => node.depth));

  // Every text begins with <s>, so the difference is a column of zeros as long as the batch.
  const first = graph.slice(inputIds, [0], graph.ints([1]), [1], [1]);
  const zero = graph.sub(first, graph.ints([special.bos], true));
  const prompt = promptIds(decoder, inputs);
  const nodeTokens = nodes.map((node) => node.token ?? 0);
  const ids = graph.concat([graph.add(zero, row(decoder, nodeTokens)), prompt], 1);
  const length = graph.shapeOf(ids, 1, 2);
  const onehot = oneHotPositions(decoder, inputs, zero, count);

  const biases = promptBiases(decoder, inputs, range(count));
  const mask = nodeMask(decoder, inputs, length);
  const onehot4 = graph.unsqueeze(onehot, 1);
  const cross = biases.cross([1, config.decoderAttentionHeads, count, encoded.positions.rows]);
  const crossRows = graph.matMul(onehot4, cutToSources(decoder, inputs, cross, 3));
  let tokens = graph.gatherRows(inputs.tokenTable, ids);
  const positions = positionConstant(decoder, range(count), [count]);
  if (positions) tokens = graph.add(tokens, graph.matMul(graph.cast(onehot, decoder.float), positions));
  const last = graph.padFront(
    graph.cast(isLastOfPrompt(decoder, inputs), decoder.float),
    nodes.length,
    decoder.literal([0], []),
  );
  return {
    tokens,
    selfBias(layer) {
      const whole = biases.self(layer, () => true, 'float32');
      const picked = graph.matMul(graph.matMul(onehot4, whole), graph.transpose(onehot4, [0, 1, 3, 2]));
      return graph.cast(graph.add(picked, mask), decoder.float);
    },
    // [B, heads, L, S] to [B, heads * L, S], without a shape that is known only at run time.
    crossBias: graph.transpose(graph.reshape(graph.transpose(crossRows, [0, 3, 1, 2]), [0, 0, -1]), [0, 2, 1]),
    stateAt: (states, node) =>
      node.parent ? graph.pick(states, 1, nodes.indexOf(node)) : graph.matMul(graph.unsqueeze(last, 1), states),
  };
}

/** int64 [1, values]. */
function row({ graph }: Module, values: readonly number[]): Value {
  return graph.reshape(graph.ints(values), [1, values.length]);
}

/** float32 [B, L, count]: row i is 1 at the text position of decoder row i. */
function oneHotPositions(decoder: Module, inputs: DecoderInputs, zero: Value, count: number): Value {
  const { graph } = decoder;
  const { inputIds, special, trie } = inputs;
  const longest = inputs.textLength - 1;
  const real = graph.cast(graph.differ(inputIds, graph.ints([special.pad], true)), 'float32');
  // Integers below 2^24 are exact in float32, and every execution provider can sum float32.
  const tokens = graph.cast(graph.rowSum(real), 'int64');
  const offsets = trie.inner.map((node) => node.depth - 2);
  const nodePositions = graph.add(tokens, row(decoder, offsets));
  const order = row(decoder, range(longest));
  const promptLength = graph.shapeOf(promptIds(decoder, inputs), 1, 2);
  const promptPositions = graph.add(zero, graph.slice(order, [0], promptLength, [1], [longest]));
  const positions = graph.concat([nodePositions, promptPositions], 1);
  const axis = graph.reshape(graph.ints(range(count)), [1, 1, count]);
  return graph.cast(graph.equal(graph.unsqueeze(positions, 2), axis), 'float32');
}

/** float32 [B, 1, L, L]: {@link MASKED} where a row may not see another. Nobody sees the padding of the prompt. */
function nodeMask(decoder: Module, inputs: DecoderInputs, length: Value): Value {
  const { graph } = decoder;
  const longest = inputs.textLength - 1;
  const nodes = inputs.trie.inner;
  const side = nodes.length + longest;
  const allowed = (i: number, j: number): boolean => {
    const [from, to] = [nodes[i], nodes[j]];
    if (from) return to ? lineage(from).includes(to) : true;
    return !to && j <= i;
  };
  const values = (): Promise<Float32Array> =>
    Promise.resolve(
      Float32Array.from({ length: side * side }, (_, at) => (allowed(Math.floor(at / side), at % side) ? 0 : MASKED)),
    );
  const whole = decoder.constant('decoder.node_mask', [1, 1, side, side], values, 'float32');
  const rows = graph.slice(whole, [0], length, [2], [side]);
  const cut = graph.slice(rows, [0], length, [3], [side]);
  const shifted = graph.slice(inputs.inputIds, [1], graph.ints([END]), [1], [longest]);
  const ended = graph.cast(graph.equal(shifted, graph.ints([inputs.special.pad], true)), 'float32');
  const masked = graph.mul(ended, decoder.literal([MASKED], [], 'float32'));
  const padded = graph.padFront(masked, nodes.length, decoder.literal([0], [], 'float32'));
  return graph.add(cut, graph.unsqueeze(graph.unsqueeze(padded, 1), 1));
}
