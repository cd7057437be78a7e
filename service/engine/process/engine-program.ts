/**
 * The engine process: it holds the ONNX session and answers one batch at a time. A run is a native call that blocks
 * this process for its whole length and cannot be cancelled, which is why it is a process: the service ends a
 * stuck run by killing it.
 */
import { openPackage } from '../../../model/package/open-package.ts';
import type { FromEngine, LoadOptions, StartFailure, ToEngine } from '../protocol.ts';
import { runSelfTest, warmUp } from '../session/self-test.ts';
import { batchSizes, openSession } from '../session/session.ts';
import type { EngineSession } from '../session/session.ts';

let session: EngineSession | undefined;

// A terminal's Ctrl-C and a container's stop reach the whole process group; the service decides when its engine ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Without its service an engine has no purpose.
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToEngine) => {
  void (message.type === 'load' ? load(message.options) : run(message));
});

async function load(options: LoadOptions): Promise<void> {
  let stage: StartFailure = 'load';
  try {
    const began = performance.now();
    const { dir, manifest } = await openPackage(options.packageDir);
    const opened = await openSession(dir, manifest, options);
    const loaded = performance.now();
    stage = 'warm-up';
    await warmUp(opened, manifest, batchSizes(options.maxBatch));
    const warm = performance.now();
    stage = 'self-test';
    const { deviation, itemMs } = await runSelfTest(opened, manifest);
    session = opened;
    send({
      type: 'ready',
      info: {
        provider: opened.provider,
        ...(options.fallback === undefined ? {} : { fallback: options.fallback }),
        loadMs: loaded - began,
        warmupMs: warm - loaded,
        selfTestDeviation: deviation,
        itemMs,
      },
    });
  } catch (error) {
    send({ type: 'unable', stage, message: messageOf(error) });
  }
}

async function run(message: Extract<ToEngine, { type: 'run' }>): Promise<void> {
  try {
    if (session === undefined) throw new Error('a batch came before the engine was ready');
    send({ type: 'output', id: message.id, output: await session.run(message.batch) });
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
