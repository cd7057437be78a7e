/**
 * The program of an engine process: holds the ONNX session and answers one batch at a time. A run is a native call that
 * blocks this process until it returns and cannot be cancelled. That is why it has a process of its own: the service
 * ends a stuck run by killing it.
 */
import { join } from 'node:path';

import { flushCompileCache } from '../../../model/compile-cache.ts';
import { PACKAGE_FILES } from '../../../model/package/layout.ts';
import { stampPackage } from '../../../model/package/verify-package.ts';
import { TERMINATION_SIGNALS } from '../../../model/termination-signals.ts';
import type { FromEngine, LoadOptions, StartFailure, ToEngine } from '../protocol.ts';
import { runSelfTest, warmUp } from '../session/self-test.ts';
import { batchSizes } from '../session/batch-sizes.ts';
import { raiseOomScore } from './oom-score.ts';
import { lowerPriority } from './priority.ts';
import type { EngineSession } from '../session/session.ts';
import { WeightsWatch } from '../session/weights-watch.ts';

// Loads ONNX Runtime while the service loads its own modules. Where that fails, the answer to `load` says why.
const sessions = import('../session/session.ts');
sessions.catch(() => undefined);

let session: EngineSession | undefined;
let weights: WeightsWatch | undefined;

// The service replaces an engine, but nothing replaces the service.
raiseOomScore();

// A terminal's Ctrl-C and end, and a container's stop, signal every process of the group; the service decides when its
// engines end.
for (const signal of TERMINATION_SIGNALS) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToEngine) => {
  void (message.type === 'load' ? load(message.options) : run(message));
});

async function load(options: LoadOptions): Promise<void> {
  let stage: StartFailure = 'load';
  // Before any thread of the session starts. On a GPU, the engine's thread needs little time and has to get it.
  if (options.device === 'cpu') lowerPriority();
  try {
    const startMs = performance.now();
    const { modelPackage } = options;
    const { dir, manifest } = modelPackage;
    const stamp = await stampPackage(modelPackage);
    weights = new WeightsWatch(join(dir, PACKAGE_FILES.weights));
    const { openSession } = await sessions;
    const opened = await openSession(dir, manifest, options);
    if ((await stampPackage(modelPackage)) !== stamp) throw new Error('its files changed while the engine loaded them');
    const loadedMs = performance.now();
    stage = 'warm-up';
    await warmUp(opened, manifest, batchSizes(options.maxBatch));
    const warmMs = performance.now();
    stage = 'self-test';
    const selfTest = await runSelfTest(opened, manifest);
    session = opened;
    send({
      type: 'ready',
      info: {
        provider: opened.provider,
        ...(options.fallback === undefined ? {} : { fallback: options.fallback }),
        loadMs: loadedMs - startMs,
        warmupMs: warmMs - loadedMs,
        ...selfTest,
      },
      stamp,
    });
    flushCompileCache();
  } catch (error) {
    send({ type: 'unable', stage, message: messageOf(error) });
  }
}

async function run(message: Extract<ToEngine, { type: 'run' }>): Promise<void> {
  try {
    if (session === undefined) throw new Error('a batch arrived before the engine was ready');
    const output = await session.run(message.batch);
    weights?.check();
    send({ type: 'output', id: message.id, output });
  } catch (error) {
    send({ type: 'error', id: message.id, message: messageOf(error) });
  }
}

function send(message: FromEngine): void {
  process.send?.(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
