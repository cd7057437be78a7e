import { describe, expect, it } from 'vitest';
import { largeGraph } from '../../bench/support/large-graph.ts';
import { countOperators, type Graph } from '../../model/compile/onnx/graph.ts';
import { splitAt } from '../../model/compile/onnx/split.ts';
import { GRAPH_IO } from '../../model/package/layout.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const folder = tempFolder();

/** How often each operator occurs. */
function counts(graph: Graph): Record<string, number> {
  return Object.fromEntries(countOperators(graph).map(({ operator, count }) => [operator, count]));
}

function multiplyAdds(graph: Graph): number {
  return countOperators(graph).reduce((sum, each) => sum + each.multiplyAdds, 0);
}

/**
 * Times differ from machine to machine, but what a graph computes does not. If these figures change, so does the time of
 * every answer: measure it with bench/large-answer.ts, and then write the new figures here.
 */
describe("an answer of OFA-large's shape in fp32", async () => {
  const { graph, images } = await largeGraph(folder, 'float32');
  const { before, after } = splitAt(graph, GRAPH_IO.imageFeatures, ['batch', images, 1024]);

  it('computes a picture once with these operators', () => {
    expect(multiplyAdds(before)).toBe(50_087_116_800);
    expect(counts(before)).toEqual({
      Add: 49,
      Cast: 1,
      Conv: 145,
      Identity: 1,
      LayerNormalization: 1,
      MatMul: 1,
      MaxPool: 1,
      Relu: 142,
      Reshape: 1,
      Sub: 1,
      Transpose: 2,
    });
  });

  it('computes a text with these operators', () => {
    expect(multiplyAdds(after)).toBe(221_369_120_768);
    expect(counts(after)).toEqual({
      Add: 253,
      Cast: 6,
      Concat: 14,
      Gather: 2,
      Gelu: 24,
      Identity: 2,
      LayerNormalization: 124,
      LogSoftmax: 1,
      MatMul: 218,
      Mul: 1,
      Not: 3,
      Pad: 1,
      Reshape: 50,
      Shape: 3,
      Slice: 220,
      Softmax: 13,
      Sub: 3,
      Transpose: 25,
      Unsqueeze: 2,
      'com.microsoft.MultiHeadAttention': 60,
    });
  });
});
