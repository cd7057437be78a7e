import type { Value } from '../onnx/graph.ts';
import type { AnswerTrie, TrieNode } from './answers.ts';
import type { DecoderOutput } from './decoder.ts';
import type { Module } from './module.ts';
import type { Parameter } from './parameters.ts';

/** The graph's outputs, float32 [B, answers] each. */
export interface Scores {
  readonly logScores: Value;
  readonly probabilities: Value;
}

/**
 * From the decoder's states to the answers, in float32: at every branch of the trie the log-softmax over the tokens
 * that may follow, summed along each answer, then softmax over the answers. Of the output projection, the graph has
 * only the rows of those tokens.
 *
 * @param decoder the module `decoder`, for its final LayerNorm
 * @param projection the output projection, [vocabulary, width]
 */
export function scoreAnswers(
  decoder: Module,
  { states, prompt }: DecoderOutput,
  trie: AnswerTrie,
  projection: Parameter,
): Scores {
  const { config, graph } = decoder;
  const steps = trie.branches.map((node) => {
    const state = prompt.stateAt(states, node);
    const normed = config.decoderNormalizeBefore ? decoder.layerNorm('layer_norm', state) : state;
    const flat = graph.reshape(graph.cast(normed, 'float32'), [-1, config.dModel]);
    return graph.logSoftmax(graph.matMul(flat, nextRows(decoder, node, projection)));
  });
  const all = steps.length === 1 && steps[0] ? steps[0] : graph.concat(steps, 1);
  const logScores = isIdentity(trie) ? all : graph.matMul(all, pathMatrix(decoder, trie));
  return { logScores, probabilities: graph.softmax(logScores) };
}

/** The projection's rows of the tokens that may follow `node`, as columns: [width, tokens]. */
function nextRows(decoder: Module, { next: tokens }: TrieNode, projection: Parameter): Value {
  const width = decoder.config.dModel;
  const read = async (): Promise<Float32Array> => {
    const rows = await Promise.all(tokens.map((token) => projection.readRows(token, token + 1)));
    const out = new Float32Array(width * tokens.length);
    rows.forEach((row, column) => {
      row.forEach((value, at) => {
        out[at * tokens.length + column] = value;
      });
    });
    return out;
  };
  return decoder.constant(`answers.${tokens.join(',')}`, [width, tokens.length], read, 'float32');
}

/** 1 where a choice at a branch is on the path of an answer: [choices of all branches, answers]. */
function pathMatrix(decoder: Module, trie: AnswerTrie): Value {
  const starts = new Map<TrieNode, number>();
  let total = 0;
  for (const branch of trie.branches) {
    starts.set(branch, total);
    total += branch.next.length;
  }
  const answers = trie.paths.length;
  const matrix = new Array<number>(total * answers).fill(0);
  trie.paths.forEach((path, answer) => {
    for (const { node, choice } of path) matrix[((starts.get(node) ?? 0) + choice) * answers + answer] = 1;
  });
  return decoder.literal(matrix, [total, answers], 'float32');
}

/** Whether there is one branch, whose choices are the answers in their order. */
function isIdentity(trie: AnswerTrie): boolean {
  return (
    trie.branches.length === 1 && trie.paths.every((path, answer) => path.length === 1 && path[0]?.choice === answer)
  );
}
