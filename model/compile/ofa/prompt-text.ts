import type { Value } from '../onnx/graph.ts';
import {
  type DecoderContext,
  type DecoderPrompt,
  crossAbsolute,
  cutToSources,
  eachHead,
  entangled,
  lastOfPrompt,
  promptIds,
  selfAbsolute,
  selfConstant,
} from './decoder-context.ts';
import { positionTable, textPositions } from './position-bias.ts';

/** `prompt_type` prev_output without inner nodes: the prompt is the encoder's text without `</s>`. */
export function textPrompt(context: DecoderContext, inputIds: Value): DecoderPrompt {
  const { emitter, parameters, config } = context;
  const { ops } = emitter;
  const longest = context.textLength - 1;
  const order = Array.from({ length: longest }, (_, at) => at);
  const positions = textPositions(parameters, config, longest);
  const ids = promptIds(context, inputIds);
  const length = ops.shapeOf(ids, 1, 2);
  const absolute = selfAbsolute(context, positions);
  const crossHeads = crossAbsolute(context, positions);
  const heads = config.decoderHeads;
  const cross = emitter.constant(
    'decoder.cross_bias',
    [heads, longest, context.encoded.positions.rows],
    () => eachHead(heads, crossHeads),
    'float32',
  );
  let tokens = ops.gatherRows(context.tokenTable, ids);
  if (entangled(config)) {
    const table = positionTable(parameters, config);
    const rows = emitter.constant('decoder.text_constant', [1, longest, config.dModel], () => table(longest));
    tokens = ops.add(tokens, ops.slice(rows, [0], length, [1], [longest]));
  }
  const last = emitter.cast(lastOfPrompt(context, inputIds), emitter.float);
  return {
    tokens,
    selfBias(layer) {
      const whole = selfConstant(context, layer, absolute, order, (i, j) => j <= i);
      const rows = ops.slice(whole, [0], length, [2], [longest]);
      return ops.slice(rows, [0], length, [3], [longest]);
    },
    crossBias: ops.reshape(cutToSources(context, ops.slice(cross, [0], length, [1], [longest])), [1, -1, 0]),
    stateAt: (x) => ops.matMul(ops.unsqueeze(last, 1), x),
  };
}
