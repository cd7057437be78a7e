import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { Ops } from '../../../../model/compile/onnx/ops.ts';
import { floatInitializer } from '../../../../model/compile/onnx/tensor.ts';
import { writeGraphs } from '../../../../model/compile/onnx/write.ts';
import { version } from '../../../../model/version.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const OPTIONS = { weightsFile: 'model.onnx.data' };

/** y = x W + b, where W is stored in the weights file and b in the graph's file. */
function linearGraph(side: number) {
  const ops = new Ops();
  const x = ops.input({ name: 'x', type: 'float32', shape: [1, side] }, ['batch', side]);
  const weight = Float32Array.from({ length: side * side }, (_, at) => at / 7);
  const bias = Float32Array.from({ length: side }, (_, at) => -at);
  const constant = (name: string, shape: number[], values: Float32Array) =>
    ops.constant(
      floatInitializer(name, 'float32', shape, async function* () {
        // In two chunks, like a large table.
        yield await Promise.resolve(values.subarray(0, 3));
        yield values.subarray(3);
      }),
    );
  const product = ops.matMul(x, constant('W', [side, side], weight));
  const sum = ops.add(product, constant('b', [side], bias));
  const norm = ops.layerNorm(sum, constant('g', [side], bias), constant('h', [side], bias), 1e-5);
  const graph = ops.finish('linear', [ops.output('y', norm, ['batch', side])]);
  return { graph, weight, bias };
}

describe('writeGraphs', () => {
  test('an independent decoder reads the graph back', async () => {
    const folder = tempFolder();
    const { graph, weight, bias } = linearGraph(64);
    const written = await writeGraphs(folder, { 'model.onnx': graph }, OPTIONS);
    const model = fromBinary(ModelProtoSchema, await readFile(path.join(folder, 'model.onnx')));
    expect([model.producerName, model.producerVersion]).toEqual(['ofa-ve', version]);
    expect(model.irVersion).toBe(10n);
    expect(model.opsetImport.map((each) => [each.domain, each.version])).toEqual([
      ['', 21n],
      ['com.microsoft', 1n],
    ]);
    expect(model.graph?.node.map((node) => node.opType)).toEqual(['MatMul', 'Add', 'LayerNormalization', 'Identity']);
    const epsilon = model.graph?.node[2]?.attribute.find((attribute) => attribute.name === 'epsilon');
    expect(epsilon?.f).toBeCloseTo(1e-5, 12);
    const [w, b] = model.graph?.initializer ?? [];
    expect(w?.dims).toEqual([64n, 64n]);
    const place = Object.fromEntries((w?.externalData ?? []).map((entry) => [entry.key, entry.value]));
    expect(place).toEqual({ location: 'model.onnx.data', offset: '0', length: String(64 * 64 * 4) });
    const data = await readFile(path.join(folder, 'model.onnx.data'));
    expect(data.equals(Buffer.from(weight.buffer))).toBe(true);
    expect(Buffer.from(b?.rawData ?? []).equals(Buffer.from(bias.buffer))).toBe(true);
    expect(written.weights).toEqual({
      name: 'model.onnx.data',
      bytes: data.length,
      sha256: createHash('sha256').update(data).digest('hex'),
      pieces: [createHash('sha256').update(data).digest('hex')],
    });
  });

  test('large constants are aligned to pages', async () => {
    const folder = tempFolder();
    const ops = new Ops();
    const big = (name: string) =>
      ops.constant(floatInitializer(name, 'float32', [1000], () => Promise.resolve(new Float32Array(1000))));
    const graph = ops.finish('sum', [ops.output('y', ops.add(big('p'), big('q')), [1000])]);
    const progress: (readonly [number, number])[] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const { placements } = await writeGraphs(folder, { 'model.onnx': graph }, { ...OPTIONS, onProgress });
    expect(progress.at(-1)).toEqual([8096, 8096]);
    expect([...placements.values()]).toEqual([
      { location: 'model.onnx.data', offset: 0, length: 4000 },
      { location: 'model.onnx.data', offset: 4096, length: 4000 },
    ]);
  });

  test.each([1999, 2001])('a constant of 2000 values that has %d is an error', async (count) => {
    const folder = tempFolder();
    const ops = new Ops();
    const wrong = ops.constant(
      floatInitializer('wrong', 'float32', [2000], () => Promise.resolve(new Float32Array(count))),
    );
    const graph = ops.finish('g', [ops.output('y', ops.relu(wrong), [2000])]);
    await expect(writeGraphs(folder, { 'model.onnx': graph }, OPTIONS)).rejects.toThrow(
      `Constant wrong of shape [2000] received ${count} values.`,
    );
    expect(await readdir(folder)).not.toContain('model.onnx');
  });
});
