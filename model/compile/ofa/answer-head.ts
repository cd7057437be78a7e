import type { Value } from '../onnx/graph.ts';
import type { AnswerTrie, TrieNode } from './answers.ts';
import type { DecoderOutput } from './decoder.ts';
import type { Emitter } from './emitter.ts';
import type { Parameter, Parameters } from './parameters.ts';

/** What leaves the graph: float32 [B, answers] each. */
export interface Scores {
  readonly logScores: Value;
  readonly probabilities: Value;
}

/**
 * From the decoder's states to the answers. At every branch of the trie the log-softmax over the tokens that
 * may follow, summed along each answer; then softmax over the answers. Only those tokens' rows of the output
 * projection are in the graph. All in float32.
 *
 * @param parameters those below `decoder`
 * @param projection the output projection, [vocabulary, width]
 * @param finalNorm whether a LayerNorm `layer_norm` comes after the last layer
 */
export function answerHead(
  emitter: Emitter,
  parameters: Parameters,
  { states, prompt }: DecoderOutput,
  trie: AnswerTrie,
  projection: Parameter,
  finalNorm: boolean,
): Scores {
  const { ops } = emitter;
  const width = states.shape.at(-1) ?? 1;
  const steps = trie.branches.map((node) => {
    const state = prompt.stateAt(states, node);
    const normed = finalNorm ? emitter.layerNorm(state, parameters, 'layer_norm') : state;
    const flat = ops.reshape(emitter.cast(normed, 'float32'), [-1, width]);
    return ops.logSoftmax(ops.matMul(flat, nextRows(emitter, node, projection, width)));
  });
  const all = steps.length === 1 && steps[0] ? steps[0] : ops.concat(steps, 1);
  const logScores = isIdentity(trie) ? all : ops.matMul(all, pathMatrix(emitter, trie));
  return { logScores, probabilities: ops.softmax(logScores) };
}

/** The projection's rows of the tokens that may follow `node`, [width, tokens]. */
function nextRows(emitter: Emitter, node: TrieNode, projection: Parameter, width: number): Value {
  const tokens = node.next;
  const name = `answers.${tokens.join(',')}`;
  return emitter.constant(
    name,
    [width, tokens.length],
    async () => {
      const rows = await Promise.all(tokens.map((token) => projection.readRows(token, token + 1)));
      const out = new Float32Array(width * tokens.length);
      rows.forEach((row, column) => {
        row.forEach((value, at) => {
          out[at * tokens.length + column] = value;
        });
      });
      return out;
    },
    'float32',
  );
}

/** 1 where a choice at a branch lies on the path of an answer: [choices of all branches, answers]. */
function pathMatrix(emitter: Emitter, trie: AnswerTrie): Value {
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
  return emitter.literal(matrix, [total, answers], 'float32');
}

/** Whether the choices at the only branch are the answers, in their order. */
function isIdentity(trie: AnswerTrie): boolean {
  return (
    trie.branches.length === 1 &&
    trie.paths.every((path, answer) => path.length === 1 && path[0]?.choice === answer)
  );
}
