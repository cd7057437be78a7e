import { fileURLToPath } from 'node:url';
import { KernelRecorder } from '../../service/engine/process/attention-kernels.ts';
import { batchSizes } from '../../service/engine/session/batch-sizes.ts';
import { CHILD_TIMEOUT_MS, runChild } from '../support/measure-child.ts';
import type { Context } from './check.ts';
import { GpuSampler } from './gpu-sampler.ts';
import type { SessionOrder, SessionRun, SessionTimes } from './session-messages.ts';
import type { Subject } from './subjects.ts';

/** Times a package's session in a process of its own, while sampling the GPU's memory. */
export async function runSession(
  { device, gpus, maxBatch, threads, measureMs }: Omit<Context, 'sessionRun' | 'peak'>,
  { served, manifest }: Subject,
): Promise<SessionRun> {
  const order: SessionOrder = { package: served, device, threads, maxBatch, measureMs };
  const [gpu] = gpus;
  const sampler = gpu === undefined ? undefined : await GpuSampler.start(gpu.gpuUuid);
  try {
    const script = fileURLToPath(new URL('session-child.ts', import.meta.url));
    const shapes = manifest.text.lengths.length * batchSizes(maxBatch).length;
    const { stdout, peakAnonymousBytes } = await runChild(
      script,
      [JSON.stringify(order)],
      CHILD_TIMEOUT_MS + shapes * measureMs,
    );
    const recorder = new KernelRecorder();
    const others = stdout.split('\n').filter((line) => line.trim() !== '' && !recorder.read(line));
    const times = JSON.parse(others.at(-1) ?? '') as SessionTimes;
    return {
      ...times,
      kernels: recorder.counts,
      gpuBytes: sampler?.growth,
      anonymousBytes: peakAnonymousBytes,
    };
  } finally {
    sampler?.stop();
  }
}
