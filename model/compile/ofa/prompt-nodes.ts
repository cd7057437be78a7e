import type { Value } from '../onnx/graph.ts';
import { lineage } from './answers.ts';
import {
  type DecoderContext,
  type DecoderPrompt,
  END,
  crossAbsolute,
  cutToSources,
  eachHead,
  entangled,
  lastOfPrompt,
  promptIds,
  row,
  selfAbsolute,
  selfConstant,
} from './decoder-context.ts';
import { MASKED, positionTable, textPositions } from './position-bias.ts';

/**
 * `prompt_type` prev_output with inner nodes. A node's position depends on where its prompt ends, so that the
 * biases are picked out of the constants by position, as products with one-hot matrices.
 */
export function textPromptWithNodes(context: DecoderContext, inputIds: Value): DecoderPrompt {
  const { emitter, parameters, config, trie, special } = context;
  const { ops } = emitter;
  const nodes = trie.inner;
  const longest = context.textLength - 1;
  const range = longest + Math.max(...nodes.map((node) => node.depth));
  const all = Array.from({ length: range }, (_, at) => at);
  const positions = textPositions(parameters, config, range);
  const heads = config.decoderHeads;

  // <s> begins every text: the difference is a column of zeros as long as the batch.
  const first = ops.slice(inputIds, [0], ops.ints([1]), [1], [1]);
  const zero = ops.sub(first, ops.ints([special.bos], true));
  const prompt = promptIds(context, inputIds);
  const nodeIds = ops.add(
    zero,
    row(
      context,
      nodes.map((node) => node.token ?? 0),
    ),
  );
  const ids = ops.concat([nodeIds, prompt], 1);
  const length = ops.shapeOf(ids, 1, 2);
  const onehot = oneHotPositions(context, inputIds, zero, range);

  const absolute = selfAbsolute(context, positions);
  const crossHeads = crossAbsolute(context, positions);
  const sources = context.encoded.positions.rows;
  const cross = emitter.constant(
    'decoder.cross_bias',
    [1, heads, range, sources],
    () => eachHead(heads, crossHeads),
    'float32',
  );
  const mask = nodeMask(context, inputIds, length);
  const onehot4 = ops.unsqueeze(onehot, 1);
  const crossRows = ops.matMul(onehot4, cutToSources(context, cross, 3));
  let tokens = ops.gatherRows(context.tokenTable, ids);
  if (entangled(config)) {
    const table = positionTable(parameters, config);
    const rows = emitter.constant('decoder.text_constant', [range, config.dModel], () => table(range));
    tokens = ops.add(tokens, ops.matMul(emitter.cast(onehot, emitter.float), rows));
  }
  const last = ops.padFront(
    emitter.cast(lastOfPrompt(context, inputIds), emitter.float),
    nodes.length,
    emitter.literal([0], []),
  );
  return {
    tokens,
    selfBias(layer) {
      const whole = selfConstant(context, layer, absolute, all, () => true, 'float32');
      const picked = ops.matMul(ops.matMul(onehot4, whole), ops.transpose(onehot4, [0, 1, 3, 2]));
      return emitter.cast(ops.add(picked, mask), emitter.float);
    },
    // [B, heads, L, S] to [B, heads * L, S], without a shape that is known only at run time.
    crossBias: ops.transpose(ops.reshape(ops.transpose(crossRows, [0, 3, 1, 2]), [0, 0, -1]), [0, 2, 1]),
    stateAt: (x, node) =>
      node.parent ? ops.pick(x, 1, nodes.indexOf(node)) : ops.matMul(ops.unsqueeze(last, 1), x),
  };
}

/** float32 [B, L, range]: row i is 1 at the position of i. */
function oneHotPositions(context: DecoderContext, inputIds: Value, zero: Value, range: number): Value {
  const { emitter, special, trie } = context;
  const { ops } = emitter;
  const real = emitter.cast(ops.differ(inputIds, ops.ints([special.pad], true)), 'float32');
  // Whole numbers below 2^24 are exact in float32, whose sum every provider has.
  const count = emitter.cast(ops.rowSum(real), 'int64');
  const nodePositions = ops.add(
    count,
    row(
      context,
      trie.inner.map((node) => node.depth - 2),
    ),
  );
  const order = row(
    context,
    Array.from({ length: context.textLength - 1 }, (_, at) => at),
  );
  const promptLength = ops.shapeOf(promptIds(context, inputIds), 1, 2);
  const promptPositions = ops.add(zero, ops.slice(order, [0], promptLength, [1], [context.textLength - 1]));
  const positions = ops.concat([nodePositions, promptPositions], 1);
  const axis = ops.reshape(ops.ints(Array.from({ length: range }, (_, at) => at)), [1, 1, range]);
  return emitter.cast(ops.equal(ops.unsqueeze(positions, 2), axis), 'float32');
}

/** float32 [B, 1, L, L]: who may see whom, nodes first; padding of the prompt is seen by nobody. */
function nodeMask(context: DecoderContext, inputIds: Value, length: Value): Value {
  const { emitter, trie, special, textLength } = context;
  const { ops } = emitter;
  const nodes = trie.inner;
  const side = nodes.length + textLength - 1;
  const allowed = (i: number, j: number): boolean => {
    const [from, to] = [nodes[i], nodes[j]];
    if (from) return to ? lineage(from).includes(to) : true;
    return !to && j <= i;
  };
  const whole = emitter.constant(
    'decoder.node_mask',
    [1, 1, side, side],
    () =>
      Promise.resolve(
        Float32Array.from({ length: side * side }, (_, at) =>
          allowed(Math.floor(at / side), at % side) ? 0 : MASKED,
        ),
      ),
    'float32',
  );
  const rows = ops.slice(whole, [0], length, [2], [side]);
  const cut = ops.slice(rows, [0], length, [3], [side]);
  const shifted = ops.slice(inputIds, [1], ops.ints([END]), [1], [textLength - 1]);
  const ended = emitter.cast(ops.equal(shifted, ops.ints([special.pad], true)), 'float32');
  const masked = ops.mul(ended, emitter.literal([MASKED], [], 'float32'));
  const padded = ops.padFront(masked, nodes.length, emitter.literal([0], [], 'float32'));
  return ops.add(cut, ops.unsqueeze(ops.unsqueeze(padded, 1), 1));
}
