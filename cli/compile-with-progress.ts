import { compileCheckpoint } from '../model/compile/compile.ts';
import type { CompileOptions } from '../model/compile/compile-options.ts';
import type { Manifest } from '../model/package/manifest.ts';
import { COMPILE_STAGES, progressBar } from './progress.ts';

/** Compiles a checkpoint as {@link compileCheckpoint} does, and shows the progress. */
export async function compileWithProgress(
  checkpoint: string,
  target: string,
  options: Omit<CompileOptions, 'onProgress' | 'onNote'>,
): Promise<Manifest> {
  const bar = progressBar(COMPILE_STAGES);
  try {
    return await compileCheckpoint(checkpoint, target, { ...options, onProgress: bar.update, onNote: bar.note });
  } finally {
    bar.stop();
  }
}
