import { lineage } from './answers.ts';
import { pickRows } from './arithmetic.ts';
import {
  type DecoderContext,
  type DecoderPrompt,
  crossAbsolute,
  cutToSources,
  eachHead,
  entangled,
  selfAbsolute,
  selfConstant,
} from './decoder-context.ts';
import { pickedPositions, positionTable, textPositions } from './position-bias.ts';

/** `prompt_type` none: the prompt is `<s>` alone, so tokens, positions and masks are all constant. */
export function fixedPrompt(context: DecoderContext): DecoderPrompt {
  const { emitter, parameters, config, trie } = context;
  const { ops } = emitter;
  const nodes = [...trie.inner, trie.root];
  const length = nodes.length;
  const depths = nodes.map((node) => node.depth);
  const ids = nodes.map((node) => node.token ?? context.special.bos);
  const positions = pickedPositions(textPositions(parameters, config, Math.max(...depths) + 1), depths);
  const visible = (i: number, j: number): boolean => {
    const [from, to] = [nodes[i], nodes[j]];
    return from !== undefined && to !== undefined && lineage(from).includes(to);
  };
  const absolute = selfAbsolute(context, positions);
  const crossHeads = crossAbsolute(context, positions);
  const cross = emitter.constant(
    'decoder.cross_bias',
    [1, config.decoderHeads * length, context.encoded.positions.rows],
    () => eachHead(config.decoderHeads, crossHeads),
    'float32',
  );
  let tokens = ops.gatherRows(context.tokenTable, ops.reshape(ops.ints(ids), [1, length]));
  if (entangled(config)) {
    const table = positionTable(parameters, config);
    tokens = ops.add(
      tokens,
      emitter.constant('decoder.text_constant', [1, length, config.dModel], async () =>
        pickRows(await table(Math.max(...depths) + 1), depths, config.dModel),
      ),
    );
  }
  return {
    tokens,
    selfBias(layer) {
      if (length === 1) return undefined;
      return selfConstant(context, layer, absolute, depths, visible);
    },
    crossBias: cutToSources(context, cross),
    stateAt: (x, node) => (length === 1 ? x : ops.pick(x, 1, nodes.indexOf(node))),
  };
}
