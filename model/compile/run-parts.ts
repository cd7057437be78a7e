import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as ort from '../onnx-runtime.ts';
import { encodeModel } from './onnx/encode.ts';
import type { Graph } from './onnx/graph.ts';
import { exactInt8 } from '../vnni.ts';
import { partition } from './onnx/partition.ts';
import type { Placements } from './onnx/write.ts';

/** Bytes of constants in memory at a time. */
const PART_BYTES = 400e6;

/** Tensors by name. */
export type Tensors = Readonly<Record<string, ort.Tensor>>;

/** Where the constants of a graph are. */
export interface WrittenConstants {
  /** Folder with the weights file. */
  readonly folder: string;
  readonly placements: Placements;
}

/** Splits a graph into parts that {@link withPart} runs one after another, so that a large model needs little memory. */
export function partsOf(graph: Graph): Graph[] {
  const isHalf = graph.initializers.some(({ type }) => type === 'float16');
  // float16 is widened to float32.
  return partition(graph, isHalf ? PART_BYTES / 2 : PART_BYTES);
}

/** Runs `work` with one part loaded on the CPU. */
export async function withPart<Result>(
  part: Graph,
  { folder, placements }: WrittenConstants,
  work: (run: (values: Tensors) => Promise<Tensors>) => Promise<Result>,
): Promise<Result> {
  const file = path.join(folder, `${part.name}.onnx`);
  await writeFile(file, encodeModel(part, placements));
  try {
    // Optimisation would fold casts of half-precision weights into copies of twice the size, and prepacking would copy
    // all weights: neither is worth it for a few runs. Exact int8 can need some of it.
    const exact = part.initializers.some(({ type }) => type === 'int8') ? exactInt8() : {};
    const session = await ort.InferenceSession.create(file, {
      executionProviders: ['cpu'],
      enableCpuMemArena: false,
      graphOptimizationLevel: Object.keys(exact).length === 0 ? 'disabled' : 'extended',
      extra: { session: { disable_prepacking: '1', ...exact } },
      logSeverityLevel: 3,
    });
    try {
      return await work((values) => {
        const taken = part.inputs.map(({ value }) => [value.name, values[value.name]] as const);
        return session.run(Object.fromEntries(taken) as Record<string, ort.Tensor>);
      });
    } finally {
      await session.release();
    }
  } finally {
    await rm(file);
  }
}
