import { join } from 'node:path';
import { InferenceSession, Tensor } from '../../../model/onnx-runtime.ts';

import { freeMemory } from '../../../model/free-memory.ts';
import { GRAPH_IO, PACKAGE_FILES } from '../../../model/package/layout.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { batchSizes, rowsFor } from './batch-sizes.ts';
import { ImageFeatures } from './image-features.ts';
import type { EngineBatch, EngineOutput, LoadOptions, Provider } from '../protocol.ts';
import { sessionOptions } from './session-options.ts';

/** A loaded model. */
export interface EngineSession {
  readonly provider: Provider;
  run(batch: EngineBatch): Promise<EngineOutput>;
}

/** ONNX Runtime's sessions of a package's graphs. */
export interface GraphSessions {
  readonly image: InferenceSession;
  readonly answers: InferenceSession;
}

export interface SessionOptions {
  /** Allowed batch sizes in ascending order, to which smaller batches are padded. @default any size */
  readonly fixedSizes?: readonly number[] | undefined;
  /** Most bytes of image features to keep. @default 0, which keeps none */
  readonly cacheBytes?: number | undefined;
}

/** Loads the package's graphs on a device. */
export async function openSession(
  dir: string,
  manifest: Manifest,
  { device, threads, maxBatch, cacheBytes }: Omit<LoadOptions, 'modelPackage'>,
): Promise<EngineSession> {
  const open = (name: string): Promise<InferenceSession> =>
    InferenceSession.create(join(dir, name), sessionOptions(device, threads));
  const sessions = { image: await open(PACKAGE_FILES.imageGraph), answers: await open(PACKAGE_FILES.graph) };
  const fixedSizes = device === 'cuda' ? batchSizes(maxBatch) : undefined;
  return makeSession(sessions, manifest, device, { fixedSizes, cacheBytes });
}

/** Runs batches on loaded graphs. */
export function makeSession(
  { image, answers }: GraphSessions,
  manifest: Manifest,
  provider: Provider,
  { fixedSizes, cacheBytes = 0 }: SessionOptions = {},
): EngineSession {
  checkNames([image, answers]);
  const features = new ImageFeatures(image, manifest.image.size, fixedSizes, cacheBytes);
  return {
    provider,
    run: async (batch) => {
      const { tensor, reused } = await features.ofItems(batch);
      const results = await answers.run({
        [GRAPH_IO.imageFeatures]: tensor,
        [GRAPH_IO.inputIds]: inputIds(batch, rowsFor(batch.items.length, fixedSizes), manifest),
      });
      freeMemory(tensor.data as Float32Array);
      const count = batch.items.length * manifest.answers.length;
      return {
        probabilities: floats(results[GRAPH_IO.probabilities], count),
        logScores: floats(results[GRAPH_IO.logScores], count),
        ...(cacheBytes > 0 ? { reusedImages: reused } : {}),
      };
    },
  };
}

function checkNames(sessions: readonly InferenceSession[]): void {
  const names = new Set(sessions.flatMap(({ inputNames, outputNames }) => [...inputNames, ...outputNames]));
  const missing = Object.values(GRAPH_IO).filter((name) => !names.has(name));
  if (missing.length > 0) throw new Error(`the graphs have no ${missing.join(', ')}`);
}

/** The tokens of `rows` rows. Rows beyond the items repeat the last item; their output is ignored. */
function inputIds(batch: EngineBatch, rows: number, manifest: Manifest): Tensor {
  const ids = new BigInt64Array(rows * batch.length).fill(BigInt(manifest.text.specialTokens.pad));
  for (let row = 0; row < rows; row++) {
    const tokens = batch.items[Math.min(row, batch.items.length - 1)]?.inputIds ?? [];
    if (tokens.length > batch.length) {
      throw new Error(`item ${row} has ${tokens.length} tokens in a batch of ${batch.length}`);
    }
    tokens.forEach((id, at) => {
      ids[row * batch.length + at] = BigInt(id);
    });
  }
  return new Tensor('int64', ids, [rows, batch.length]);
}

function floats(tensor: Tensor | undefined, count: number): Float32Array {
  if (!(tensor?.data instanceof Float32Array) || tensor.data.length < count) {
    throw new Error('an output of the graph is not float32 [batch, answers]');
  }
  return tensor.data.slice(0, count);
}
