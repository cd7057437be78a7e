import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selfTestImage } from '../../../../model/package/self-test.ts';
import { PackageVerifier } from '../../../../model/package/verify-package.ts';
import { openPackage } from '../../../../model/package/open-package.ts';
import { hasCudaProvider } from '../../../../service/engine/device/cuda-provider.ts';
import { EngineGone } from '../../../../service/engine/process/failure.ts';
import {
  EngineSupervisor,
  type SupervisorOptions,
  type WithoutCuda,
} from '../../../../service/engine/process/supervisor.ts';
import { fixturePackage } from '../../../../testing/fixtures.ts';
import type { LoadOptions } from '../../../../service/engine/protocol.ts';
import type { StubInstructions } from './stub-engine.ts';
import { stubLoad } from './stub-load.ts';
import { bundle } from '../../../../testing/bundle.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const program = bundle(new URL('./stub-engine.ts', import.meta.url));
let folder = '';
let supervisor: EngineSupervisor | undefined;
/** Events of the supervisor, in order. */
let events: string[] = [];

beforeEach(() => {
  folder = tempFolder();
  events = [];
});
afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
});

function supervise(
  load: LoadOptions,
  next: WithoutCuda | undefined,
  options: Partial<SupervisorOptions>,
): EngineSupervisor {
  const made = new EngineSupervisor({
    load,
    verifyPackage: () => Promise.resolve(''),
    startTimeoutMs: 120_000,
    runTimeoutMs: 120_000,
    ...(next === undefined ? {} : { ifCudaFails: () => next }),
    ...options,
  });
  made.on('failure', ({ reason }) => events.push(`failure: ${reason}`));
  made.on('fallback', ({ reason }, what) => events.push(`${what}: ${reason}`));
  supervisor = made;
  made.start();
  return made;
}

function superviseStub(instructions: StubInstructions, next?: WithoutCuda): EngineSupervisor {
  const files = { startsFile: join(folder, 'starts'), devicesFile: join(folder, 'devices') };
  return supervise(stubLoad({ ...files, ...instructions }, 'cuda'), next, { program });
}

/** The device that each start was asked for. */
function devices(): string[] {
  const file = join(folder, 'devices');
  if (!existsSync(file)) return [];
  // The file exists before its first line does.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => line.split(' ', 1)[0] ?? '');
}

describe('an engine whose CUDA does not start', () => {
  it.each([
    ['load', 'start', 'load failed: as told'],
    ['warm-up', 'start', 'warm-up failed: as told'],
    ['exit', 'crash', 'the engine process ended with exit code 3'],
  ] as const)('falls back to the CPU in a new process (%s)', async (start, reason, why) => {
    const engine = superviseStub({ start, failDevice: 'cuda' }, 'cpu');
    await engine.whenReady();
    expect(devices()).toEqual(['cuda', 'cpu']);
    expect(events).toEqual([`cpu: ${reason}`]);
    expect(engine.state).toMatchObject({
      phase: 'ready',
      info: { provider: 'cpu', fallback: `CUDA does not start: ${why}` },
    });
  });

  it('falls back to the CPU if it hangs', async () => {
    const engine = superviseStub({ start: 'hang', failDevice: 'cuda' }, 'cpu');
    while (devices().length === 0) await sleep(20);
    // What its timer does when the time is up.
    engine.replace('start-timeout', 'the engine was not ready in time');
    await engine.whenReady();
    expect(devices()).toEqual(['cuda', 'cpu']);
    expect(events).toEqual(['cpu: start-timeout']);
  });

  it('is dropped if another engine is available', async () => {
    const engine = superviseStub({ start: 'load', failDevice: 'cuda' }, 'leave-out');
    await expect(engine.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(engine.state).toEqual({ phase: 'stopped' });
    expect(devices()).toEqual(['cuda']);
    expect(events).toEqual(['leave-out: start']);
  });

  it('has three starts on the CPU and fails for good if none succeeds', async () => {
    const engine = superviseStub({ start: 'load' }, 'cpu');
    await expect(engine.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(devices()).toEqual(['cuda', 'cpu', 'cpu', 'cpu']);
    expect(events).toEqual(['cpu: start', 'failure: start', 'failure: start', 'failure: start']);
  });

  it('is started again if DEVICE is cuda', async () => {
    const engine = superviseStub({ start: ['load', 'ready'] });
    await engine.whenReady();
    expect(devices()).toEqual(['cuda', 'cuda']);
    expect(events).toEqual(['failure: start']);
  });
});

describe('an engine on CUDA does not fall back to the CPU', () => {
  it('after it failed the self-test', async () => {
    const engine = superviseStub({ start: 'self-test', failDevice: 'cuda' }, 'cpu');
    await expect(engine.whenReady()).rejects.toBeInstanceOf(EngineGone);
    expect(devices()).toEqual(['cuda', 'cuda', 'cuda']);
    expect(engine.state).toMatchObject({ phase: 'failed', failure: { reason: 'self-test' } });
  });

  it('if it does not start after it failed the self-test', async () => {
    const engine = superviseStub({ start: ['self-test', 'load', 'ready'] }, 'cpu');
    await engine.whenReady();
    expect(devices()).toEqual(['cuda', 'cuda', 'cuda']);
    expect(events).toEqual(['failure: self-test', 'failure: start']);
  });

  it('if it does not start after it was ready', async () => {
    const engine = superviseStub({ start: ['ready', 'load', 'ready'] }, 'cpu');
    await engine.whenReady();
    const lost = new Promise((resolve) => engine.once('failure', resolve));
    process.kill(engine.pid ?? 0, 'SIGKILL');
    await lost;
    await engine.whenReady();
    expect(devices()).toEqual(['cuda', 'cuda', 'cuda']);
    expect(events).toEqual(['failure: crash', 'failure: start']);
  });
});

it.skipIf(hasCudaProvider())('the real engine answers on the CPU without CUDA', async () => {
  const modelPackage = await openPackage(await fixturePackage('mini-none'));
  const verifier = new PackageVerifier(modelPackage);
  const load = { modelPackage, device: 'cuda', threads: 1, maxBatch: 4 } as const;
  const engine = supervise(load, 'cpu', { verifyPackage: () => verifier.verify() });
  await engine.whenReady();
  expect(engine.state).toMatchObject({
    phase: 'ready',
    info: {
      provider: 'cpu',
      fallback: expect.stringMatching(/^CUDA does not start: load failed: /) as unknown,
    },
  });
  const { manifest } = modelPackage;
  const [test] = manifest.selfTest.cases;
  const images = [selfTestImage(test?.imageSeed ?? 0, manifest.image.size)];
  const items = [{ image: 0, inputIds: test?.inputIds ?? [] }];
  const { probabilities } = await engine.run({ images, items, length: manifest.text.lengths.at(-1) ?? 0 });
  expect(probabilities[0]).toBeCloseTo(test?.probabilities[0] ?? NaN, 4);
});
