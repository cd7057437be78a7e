import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context, Verdict } from '../../bench/gpu/check.ts';
import { machineCheck } from '../../bench/gpu/machine.ts';
import { nominalPeak } from '../../bench/gpu/nominal-peaks.ts';
import { judgePlacement } from '../../bench/gpu/placement.ts';
import { judgeLoads } from '../../bench/gpu/service-check.ts';
import { watchdogCheck } from '../../bench/gpu/watchdog.ts';
import { listGpus } from '../../service/engine/device/visible-gpus.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { fakeSmi, type FakeGpu, type FakeSmi } from '../../testing/fake-smi.ts';
import { sourceFlags } from '../../model/source-flags.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const SCRIPT = fileURLToPath(new URL('../../bench/gpu.ts', import.meta.url));

interface Report {
  readonly device: string;
  readonly checks: readonly { name: string; subject?: string; verdict: Verdict; summary: string }[];
}

interface Outcome {
  readonly code: number;
  readonly output: string;
}

const folder = tempFolder();
let smi: FakeSmi | undefined;

afterEach(() => {
  smi?.remove();
  smi = undefined;
  vi.unstubAllEnvs();
});

function bench(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...sourceFlags(SCRIPT), SCRIPT, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

function verdicts({ checks }: Report): string[] {
  return checks.map(({ name, verdict }) => `${name} ${verdict}`);
}

describe('on a CPU', () => {
  it(
    'every check runs and is in the report; one that fails only sets the exit code',
    { timeout: 240_000 },
    async () => {
      const file = join(folder, 'report.md');
      // Two models that differ: as if half precision had broken the answers.
      const { code, output } = await bench(
        ...['--device', 'cpu', '--max-batch', '2', '--measure-ms', '20', '--report', file],
        ...['--fp16', await fixturePackage('mini-prev-output', 'fp16')],
        ...['--fp32', await fixturePackage('mini-none')],
      );
      expect(output).toContain(`report: ${file}`);
      expect(code).toBe(1);
      const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
      expect(verdicts(report)).toEqual([
        'machine measured',
        'watchdog skipped',
        'peak measured',
        'parity failed',
        'warm-up measured',
        'speed measured',
        'placement passed',
        expect.stringMatching(/^memory (passed|measured)$/),
        'service passed',
      ]);
      const text = await readFile(file, 'utf8');
      for (const { summary } of report.checks) expect(text).toContain(summary);
      expect(text).toContain('**failed**');
      for (const pattern of [
        /\| tokens +\| batch +\| median ms/,
        /\| provider +\| operator +\| nodes/,
        /2, one killed/,
      ]) {
        expect(text).toMatch(pattern);
      }
    },
  );
});

describe('without the requirements', () => {
  it('says in one sentence that there is no GPU', async () => {
    vi.stubEnv('PATH', folder);
    const { code, output } = await bench();
    expect(code).toBe(1);
    expect(output.trim()).toBe(
      'This needs a machine with an NVIDIA GPU: nvidia-smi cannot be used (it is not installed); or run it with --device cpu, which tests the checks without a GPU.',
    );
  });

  it.each([
    [['--device', 'tpu'], '--device is "tpu" but must be cuda or cpu.'],
    [['--fp16', 'a'], '--fp16 and --fp32 are compared, so give both or neither.'],
    [['--max-batch', '0'], '--max-batch is "0" but must be a whole number from 1 to 999999.'],
  ])('refuses %j', async (args, sentence) => {
    expect(await bench(...args)).toEqual({ code: 1, output: `${sentence}\n` });
  });
});

describe('with GPUs', () => {
  async function context(gpus: readonly FakeGpu[]): Promise<Context> {
    smi = await fakeSmi(gpus);
    const found = await listGpus();
    return {
      device: 'cuda',
      gpus: 'gpus' in found ? found.gpus : [],
      maxBatch: 2,
      threads: 1,
      measureMs: 10,
      scratch: folder,
      sessionRun: () => Promise.reject(new Error('no session')),
      peak: () => Promise.resolve(1),
    };
  }

  it('describes them', async () => {
    const found = await machineCheck.run(await context([{ index: 0, uuid: 'GPU-aaaa' }]));
    expect(found).toMatchObject({
      verdict: 'passed',
      summary: expect.stringContaining('NVIDIA T4') as unknown,
    });
    expect(found.details).toMatch(/\| 0 +\| NVIDIA T4 +\| 7\.5 +\| 580\.95\.05 +\| 15\.00 GiB +\|/);
  });

  it('names those that the installed build does not support', async () => {
    const v100 = { index: 1, uuid: 'GPU-bbbb', name: 'Tesla V100', capability: '7.0' };
    const found = await machineCheck.run(await context([{ index: 0, uuid: 'GPU-aaaa' }, v100]));
    expect(found.verdict).toBe('measured');
    expect(found.summary).toMatch(/^GPU 1 \(Tesla V100\) has compute capability 7\.0, but .*CUDA=12/);
  });

  it('reads each with the GPU monitor, and names the one it cannot read', async () => {
    const gpus = [
      { index: 0, uuid: 'GPU-aaaa' },
      { index: 1, uuid: 'GPU-bbbb', readings: ['1, ERR!, ERR!'] },
    ];
    const found = await watchdogCheck.run(await context(gpus));
    expect(found.verdict).toBe('failed');
    expect(found.summary).toMatch(/^GPU 1: 0 readings in 5 s; nvidia-smi reports: 1, ERR!, ERR!\.$/);
    await smi?.tell([
      { index: 0, uuid: 'GPU-aaaa' },
      { index: 1, uuid: 'GPU-bbbb' },
    ]);
  });

  it.each([
    ['CUDAExecutionProvider', { encoder: { EFFICIENT_ATTENTION: 12 }, decoder: { MATH: 12 } }, 'passed', /All 3/],
    ['CUDAExecutionProvider', { encoder: { EFFICIENT_ATTENTION: 11, MATH: 1 } }, 'failed', /1 MATH/],
    ['CUDAExecutionProvider', undefined, 'failed', /no kernel was reported/],
    ['CPUExecutionProvider', { encoder: { EFFICIENT_ATTENTION: 12 } }, 'failed', /3 of 3 nodes .*: Conv\.$/],
  ] as const)('judges nodes on %s with attention %o', (provider, kernels, verdict, summary) => {
    const found = judgePlacement([{ provider, operator: 'Conv', count: 3 }], kernels, { device: 'cuda' });
    expect(found.verdict).toBe(verdict);
    expect(found.summary).toMatch(summary);
  });

  it.each([
    [[0, 0], 1, { 200: 9 }, 'passed', '30.0 answers/s over sockets with 2 engines, 1.50 times one engine'],
    [[0, 0], 0, { 200: 9 }, 'failed', 'The engine could not be killed.'],
    [[1, 0], 1, { 200: 9 }, 'failed', 'Engines were lost that were not killed: 1.'],
    [[0, 1], 3, { 200: 9 }, 'failed', 'Engines were lost that were not killed: 3.'],
    [[0, 0], 1, { 200: 9, 503: 2 }, 'failed', 'Requests were lost: 2 with status 503,'],
  ])('judges a service that lost %j engines, and %d beside a kill, with answers %o', (...row) => {
    const [lost, withKill, statuses, verdict, summary] = row;
    const load = (engines: number, answersPerSecond: number, lostEngines: number) => {
      return { engines, answersPerSecond, p50Ms: 1, p99Ms: 2, statuses, lostEngines };
    };
    const found = judgeLoads([load(1, 20, lost[0] ?? 0), load(2, 30, lost[1] ?? 0)], load(2, 25, withKill));
    expect(found).toEqual({ verdict, summary: expect.stringContaining(summary) as unknown });
  });

  it.each([
    ['Tesla T4', 65],
    ['NVIDIA A10', 125],
    ['NVIDIA A100-SXM4-80GB', 312],
    ['NVIDIA L40S', 362],
    ['NVIDIA L4', 121],
    ['NVIDIA H100 80GB HBM3', 989],
    ['NVIDIA A100-SXM4-40GB MIG 3g.20gb', undefined],
    ['NVIDIA GeForce RTX 4090', undefined],
  ])('knows the data sheet of %s', (name, teraflops) => {
    const peak = nominalPeak(name);
    expect(peak === undefined ? undefined : (2 * peak) / 1e12).toBe(teraflops);
  });
});
