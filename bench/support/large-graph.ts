import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../../model/compile/checkpoint/config.ts';
import type { Weights } from '../../model/compile/checkpoint/weights.ts';
import { ofaGraph } from '../../model/compile/ofa/graph.ts';
import type { Graph } from '../../model/compile/onnx/graph.ts';
import { textLengths } from '../../model/compile/text-lengths.ts';
import { buildTokenizerJson, loadTokenizer } from '../../model/package/tokenizer.ts';
import { largeTensorSpecs, writeLargeConfiguration } from './large-checkpoint.ts';

/** Weights with names and shapes but no values, which are only read when a graph is written. */
function shapesOnly(): Weights {
  const tensors = [...largeTensorSpecs()].map(({ name, shape, fill }) => {
    const storage = fill.kind === 'tied' ? fill.to : name;
    return [name, { name, shape, storage, dtype: fill.kind === 'integers' ? 'int64' : 'float32' }] as const;
  });
  const read = (name: string): Promise<Float32Array> => Promise.reject(new Error(`${name} has no values`));
  return {
    files: [],
    prefix: '',
    wrappers: [],
    tensors: new Map(tensors),
    read,
    readRows: read,
    close: () => Promise.resolve(),
  };
}

/**
 * The graph of OFA-large's shape, without weights.
 *
 * @param folder gets the files of a checkpoint except its weights
 * @returns with the number of image positions and the text lengths to which batches are padded
 */
export async function largeGraph(
  folder: string,
  float: 'float32' | 'float16',
): Promise<{ graph: Graph; images: number; lengths: number[] }> {
  await writeLargeConfiguration(folder);
  const { model: config, task } = await readConfig(folder);
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const tokenizer = loadTokenizer(buildTokenizerJson(await read('vocab.json'), await read('merges.txt')));
  const images = (task.patchImageSize / 16) ** 2;
  const lengths = textLengths(images, task.maxSrcLength + 2);
  const { graph } = ofaGraph({
    weights: shapesOnly(),
    config,
    task,
    vocabulary: {
      size: tokenizer.size,
      special: tokenizer.special,
      answers: task.answers.map((answer) => tokenizer.encode(` ${answer}`)),
    },
    textLength: lengths.at(-1) ?? 0,
    float,
  });
  return { graph, images, lengths };
}
