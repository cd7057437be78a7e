import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Graph } from '../onnx/graph.ts';
import { writeGraphs } from '../onnx/write.ts';
import { type Calibration, calibrationItems, type CalibrationSource } from './calibration-items.ts';
import { measureRanges } from './calibrate.ts';
import { planIntegers } from './plan.ts';
import { quantizeGraph } from './quantize-graph.ts';

export interface QuantizeOptions extends CalibrationSource {
  /** Folder in which a folder for the float32 weights may be created. It is removed again. */
  readonly scratch: string;
  /** Prefix of the names of nodes that stay in float32. */
  readonly keep: string;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Quantizes a float32 graph to int8, with the ranges of activations that calibration measures. The float32 weights are
 * written to disk meanwhile.
 *
 * @throws UserError as {@link calibrationItems} does
 */
export async function quantize(
  graph: Graph,
  options: QuantizeOptions,
): Promise<{ graph: Graph; record: Calibration['record'] }> {
  const { items, record } = await calibrationItems(options);
  const plan = planIntegers(graph, options.keep);
  const folder = path.join(options.scratch, 'calibration');
  await mkdir(folder);
  try {
    const { placements } = await writeGraphs(
      folder,
      { 'float32.onnx': graph },
      {
        weightsFile: 'float32.data',
        onProgress: (done, total) => {
          options.onProgress(done / total / 2, 1);
        },
      },
    );
    const ranges = await measureRanges(graph, plan.measured, items, {
      folder,
      placements,
      imageSize: options.imageSize,
      onProgress: (done, total) => {
        options.onProgress(0.5 + done / total / 2, 1);
      },
    });
    return { graph: await quantizeGraph(graph, plan, ranges), record };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
