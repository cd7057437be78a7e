import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Settings } from '../../service/settings/read.ts';
import type { StubInstructions } from '../service/engine/process/stub-engine.ts';
import { bundle } from '../../testing/bundle.ts';
import { fakeSmi, type FakeSmi } from '../../testing/fake-smi.ts';
import { metric, predictBody, send, until } from './client.ts';
import { fixturePackage, expectedCases } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const engineProgram = bundle(new URL('../service/engine/process/stub-engine.ts', import.meta.url));
const GPUS = [
  { index: 0, uuid: 'GPU-aaaa' },
  { index: 1, uuid: 'GPU-bbbb' },
] as const;
/** As ONNX Runtime prints them, colour included. */
const KERNELS = [
  '\u001b[36mAttentionKernelOptions: FLASH_ATTENTION=1 EFFICIENT_ATTENTION=1 TRT_FUSED_ATTENTION=1 CUDNN_FLASH_ATTENTION=0 TRT_FLASH_ATTENTION=1 TRT_CROSS_ATTENTION=1 TRT_CAUSAL_ATTENTION=0 FT_CAUSAL_ATTENTION=1 MATH=1\u001b[0m',
  '\u001b[36mOperator=MultiHeadAttention Node=encoder/0/attention DataType=fp16 SdpaKernel=EFFICIENT_ATTENTION\u001b[0m',
  '\u001b[36mOperator=MultiHeadAttention Node=encoder/1/attention DataType=fp16 SdpaKernel=EFFICIENT_ATTENTION\u001b[0m',
  '\u001b[36mOperator=MultiHeadAttention Node=decoder/0/attention DataType=fp16 SdpaKernel=MATH\u001b[0m',
];

let folder = '';
let packageDir = '';
let log = '';
let smi: FakeSmi;
let service: TestService | undefined;

beforeAll(async () => {
  folder = tempFolder();
  packageDir = await fixturePackage('mini-none');
});
beforeEach(async () => {
  log = '';
  await rm(join(folder, 'devices'), { force: true });
  smi = await fakeSmi(GPUS);
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  smi.remove();
});

/** @param instructions for stub engines, which report the device they were given; or the real engine */
async function start(
  instructions: StubInstructions | 'real',
  settings: Partial<Settings> = {},
  wait?: false,
): Promise<TestService> {
  if (instructions !== 'real') {
    const stub: StubInstructions = { devicesFile: join(folder, 'devices'), ...instructions };
    await writeFile(join(packageDir, 'stub.json'), JSON.stringify(stub));
  }
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      log += chunk.toString();
      done();
    },
  });
  const logger = pino({ level: 'info', base: null }, sink);
  service = await serve(
    { MODEL_DIR: packageDir, DEVICE: 'cuda', ...settings },
    {
      ...(instructions === 'real' ? {} : { engineProgram }),
      // The readings are tested here, not how long the fake nvidia-smi takes to start.
      gpuWatch: { intervalMs: 20, silenceMs: 600_000 },
      logger,
      ...(wait === false ? { wait } : {}),
    },
  );
  return service;
}

function engines({ adminUrl }: TestService, state: string): Promise<number> {
  return metric(adminUrl, `ofa_ve_engines{state="${state}"}`);
}

async function allReady(live: TestService): Promise<void> {
  await until('both engines are ready', async () => (await engines(live, 'ready')) === 2);
}

async function devices(): Promise<string[]> {
  return (await readFile(join(folder, 'devices'), 'utf8')).trim().split('\n').sort();
}

function logged(message: string): Record<string, unknown>[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === message);
}

it('gives each GPU an engine that sees only that GPU, and logs it', async () => {
  const live = await start({ prints: KERNELS });
  await allReady(live);
  expect(await devices()).toEqual(['cuda GPU-aaaa', 'cuda GPU-bbbb']);
  expect(logged('device chosen')).toMatchObject([
    {
      device: 'cuda',
      engines: 2,
      reason: expect.stringContaining('on GPU 0 (NVIDIA T4) and GPU 1') as unknown,
    },
  ]);
  expect(
    logged('engine ready')
      .map(({ engine, gpu, gpu_uuid }) => [engine, gpu, gpu_uuid])
      .sort(),
  ).toEqual([
    [0, '0', 'GPU-aaaa'],
    [1, '1', 'GPU-bbbb'],
  ]);
  await until('the kernels are logged', () => logged('attention kernels').length === 2);
  expect(logged('attention kernels')[0]).toMatchObject({
    kernels: { encoder: { EFFICIENT_ATTENTION: 2 }, decoder: { MATH: 1 } },
  });
  expect(logged('engine output')).toEqual([]);
});

it('computes on all of them at the same time', async () => {
  const live = await start({ runMs: 3000 }, { MAX_BATCH: 1 });
  await allReady(live);
  const body = await predictBody('a');
  const sent = [send(`${live.url}/predict`, body), send(`${live.url}/predict`, body)];
  await until('both compute', () => live.model.batcher.inFlight === 2);
  const outcomes = await Promise.all(sent.map(({ outcome }) => outcome));
  expect(outcomes.map(({ status }) => status)).toEqual([200, 200]);
});

it('replaces the engine of a GPU that reports an error, and keeps the other', async () => {
  const live = await start({});
  await allReady(live);
  const [healthy, sick] = live.model.pool.engines;
  const pid = healthy?.supervisor.pid;
  const lost = new Promise((resolve) => sick?.supervisor.once('failure', resolve));
  await smi.tell([GPUS[0], { ...GPUS[1], readings: ['1, [GPU is lost], [GPU is lost]'] }]);
  expect(await lost).toMatchObject({ reason: 'gpu-error' });
  expect((await fetch(`${live.url}/readyz`)).status).toBe(200);
  expect(healthy?.supervisor.pid).toBe(pid);
  expect((await send(`${live.url}/predict`, await predictBody('a')).outcome).status).toBe(200);
  expect(await metric(live.adminUrl, 'ofa_ve_engine_restarts_total{reason="gpu_error"}')).toBeGreaterThan(0);
});

it('shows the readings of each GPU', async () => {
  await smi.tell([GPUS[0], { ...GPUS[1], readings: ['1, 1200, 50'] }]);
  const { adminUrl } = await start({});
  const memory = (gpu: number): Promise<number> => metric(adminUrl, `ofa_ve_gpu_memory_bytes{gpu="${gpu}"}`);
  await until('both are read', async () => (await memory(0)) > 0 && (await memory(1)) > 0);
  expect([await memory(0), await memory(1)]).toEqual([900 * 1024 ** 2, 1200 * 1024 ** 2]);
});

it('is ready with one engine while another is loading', async () => {
  const live = await start({ start: 'hang', failOn: 'GPU-bbbb' });
  expect((await fetch(`${live.url}/readyz`)).status).toBe(200);
  expect([await engines(live, 'ready'), await engines(live, 'starting')]).toEqual([1, 1]);
});

it('ends when an engine failed for good, and answers with the other until then', async () => {
  const live = await start({ start: 'load', failOn: 'GPU-bbbb' }, { DRAIN_DELAY_MS: 3000 });
  await until('no longer ready', async () => !(await fetch(`${live.adminUrl}/readyz`)).ok);
  const [ready, alive, answer] = await Promise.all([
    fetch(`${live.adminUrl}/readyz`),
    fetch(`${live.adminUrl}/livez`),
    send(`${live.url}/predict`, await predictBody('a')).outcome,
  ]);
  const { reason } = (await ready.json()) as { reason: string };
  expect(reason).toMatch(/^engine 0 on GPU 0 is ready; engine 1 on GPU 1 failed too often, the last time: /);
  expect([ready.status, alive.status, answer.status]).toEqual([503, 200, 200]);
  await expect(live.finished).resolves.toBe(1);
});

it('logs that auto chose CUDA, and why', async () => {
  const live = await start({}, { DEVICE: 'auto' });
  await allReady(live);
  expect(await devices()).toEqual(['cuda GPU-aaaa', 'cuda GPU-bbbb']);
  expect(logged('device chosen')).toMatchObject([
    { device: 'cuda', reason: expect.stringMatching(/^DEVICE is auto, and there is memory/) as unknown },
  ]);
});

it.each([
  ['GPU-aaaa', 0],
  ['GPU-bbbb', 1],
] as const)('leaves out a GPU on which CUDA does not start, with auto (%s)', async (failOn, id) => {
  const live = await start({ start: 'warm-up', failOn }, { DEVICE: 'auto' });
  await until('it is left out', async () => (await engines(live, 'stopped')) === 1);
  await until('the other is ready', async () => (await engines(live, 'ready')) === 1);
  expect(await devices()).toEqual(['cuda GPU-aaaa', 'cuda GPU-bbbb']);
  expect(logged('CUDA does not start; its GPU is not used')).toMatchObject([
    { engine: id, gpu_uuid: failOn, reason: 'start', detail: 'warm-up failed: as told' },
  ]);
  expect(await metric(live.adminUrl, 'ofa_ve_engine_restarts_total{reason="start"}')).toBe(1);
  expect((await send(`${live.url}/predict`, await predictBody('a')).outcome).status).toBe(200);
  expect((await fetch(`${live.url}/readyz`)).status).toBe(200);
});

it('falls back to one engine on the CPU if CUDA starts on no GPU, with auto, and logs why', async () => {
  const live = await start({ start: 'exit', failDevice: 'cuda' }, { DEVICE: 'auto' });
  await until('the other is left out', async () => (await engines(live, 'stopped')) === 1);
  const tried = await devices();
  expect(tried).toEqual([expect.stringMatching(/^cpu GPU-/), 'cuda GPU-aaaa', 'cuda GPU-bbbb']);
  expect(logged('CUDA does not start; its GPU is not used')).toHaveLength(1);
  expect(logged('CUDA does not start; falling back to the CPU')).toHaveLength(1);
  expect(logged('engine ready')).toMatchObject([
    { provider: 'cpu', fallback: 'CUDA does not start: the engine process ended with exit code 3' },
  ]);
  expect((await send(`${live.url}/predict`, await predictBody('a')).outcome).status).toBe(200);
  expect((await fetch(`${live.url}/readyz`)).status).toBe(200);
});

it('ends if a GPU computes wrong results, with auto as well', async () => {
  const live = await start({ start: 'self-test', failOn: 'GPU-bbbb' }, { DEVICE: 'auto' });
  await expect(live.finished).resolves.toBe(1);
  expect((await devices()).filter((line) => line.startsWith('cpu'))).toEqual([]);
  expect(logged('engine lost')).toHaveLength(3);
});

it('logs why auto chose the CPU, and answers on it', async () => {
  await smi.tell([]);
  const live = await start('real', { DEVICE: 'auto', ENGINES: 2 });
  await allReady(live);
  // The first if ONNX Runtime's CUDA provider is installed.
  const why = /^DEVICE is auto, and (nvidia-smi finds no GPU|ONNX Runtime's CUDA provider is not installed)$/;
  expect(logged('device chosen')).toMatchObject([
    { device: 'cpu', engines: 2, reason: expect.stringMatching(why) as unknown },
  ]);
  expect(logged('engine ready')).toHaveLength(2);
  for (const line of logged('engine ready')) {
    expect(line).toMatchObject({ provider: 'cpu', fallback: expect.stringMatching(why) as unknown });
  }
  const [expected] = await expectedCases('mini-none');
  const bodies = await Promise.all(Array.from({ length: 8 }, () => predictBody(expected?.text ?? '', expected?.image)));
  const outcomes = await Promise.all(bodies.map((body) => send(`${live.url}/predict`, body).outcome));
  for (const { body } of outcomes) {
    const { scores } = JSON.parse(body) as { scores: Record<string, number> };
    expect(Object.values(scores).map((score) => score.toFixed(3))).toEqual(
      expected?.probs.map((score) => score.toFixed(3)),
    );
  }
});

it('does not start if the model does not fit', async () => {
  await smi.tell([GPUS[0], { ...GPUS[1], free: 500 }]);
  await expect(start({}, {}, false)).rejects.toThrow(/GPU 1 \(NVIDIA T4\) has 0\.5 GiB of 15\.0 GiB free/);
  const live = await start({}, { DEVICE: 'auto' });
  expect(live.model.pool.engines.map(({ gpu }) => gpu?.index)).toEqual(['0']);
  expect(logged('memory, GPUs or processor')).toHaveLength(1);
});
