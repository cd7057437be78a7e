import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../bin/ofa-ve.js', import.meta.url));
const USUAL = ['--rate', '50', '--latency-ms', '40', '--start-seconds', '120', '--slo-ms', '500'];

function plan(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, 'plan', ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('ofa-ve plan', () => {
  it('prints pods, bursts and the configuration', async () => {
    const { code, stdout, stderr } = await plan(...USUAL);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^a pod {2}25\.0 requests\/s at most\n/);
    expect(stdout).toMatch(/^pods {3}\d+ for 50 requests\/s: [\d.]+ % within 500 ms/m);
    expect(stdout).toMatch(/^x 3 +[\d.]+ % /m);
    expect(stdout).toMatch(/targets: \{ loadItems: [\d.]+, requestsPerSecond: [\d.]+, cpuPercent: 0 \}/);
    // Those of x 1.5, between the bounds.
    const [least, most, fallback] = ['minReplicas', 'maxReplicas', 'keda: { fallbackReplicas'].map((field) =>
      Number(stdout.split(`  ${field}: `)[1]?.match(/^\d+/)?.[0]),
    );
    expect(fallback).toBeGreaterThan(least ?? Infinity);
    expect(fallback).toBeLessThan(most ?? 0);
  });

  it('shows what the autoscaler makes of the usual rate before it shows bursts', async () => {
    const { stdout } = await plan(...USUAL);
    expect(stdout).toMatch(/\nrate .*\nx 1 +[\d.]+ % +[\d.]+ % +\d+ +[\d.]+\nx 1\.5 /);
  });

  it('prints the rates of slow models to two digits', async () => {
    const { stdout } = await plan('--rate', '1', '--latency-ms', '1200', '--start-seconds', '60', '--slo-ms', '5000');
    expect(stdout).toMatch(/^a pod {2}0\.83 requests\/s at most\n {7}0\.\d\d requests\/s with 99 %/);
  });

  it('prints the settings that it counts on, if they are not the defaults', async () => {
    expect((await plan(...USUAL)).stdout).not.toContain('server:');
    const { stdout } = await plan(...USUAL, '--batch', '4', '--queue', '32');
    expect(stdout).toMatch(/^server: \{ kind: 'ofa-ve', settings: \{ MAX_BATCH: 4, MAX_QUEUE: 32 \} \},$/m);
  });

  it('refuses a full batch that takes less time than one item, or is one item and takes longer', async () => {
    expect(await plan(...USUAL, '--batch-ms', '10')).toEqual({
      code: 2,
      stdout: '',
      stderr:
        '--batch-ms is 10, but a run with one item takes 40 ms (--latency-ms); a full batch takes at least as long.\n',
    });
    const { code, stderr } = await plan(...USUAL, '--batch', '1', '--batch-ms', '80');
    expect(code).toBe(2);
    expect(stderr).toBe('With --batch 1, a full batch is one item; leave out --batch-ms.\n');
  });

  it('says why it disables the load where none would do', async () => {
    const said = /^loadItems is 0 and so disabled: no load that fits the queue/m;
    const { stdout } = await plan('--rate', '0.1', ...USUAL.slice(2, -1), '60', '--queue', '1');
    expect(stdout).toMatch(said);
    expect(stdout).toMatch(/loadItems: 0, requestsPerSecond: 0\.\d+/);
    expect((await plan(...USUAL)).stdout).not.toMatch(said);
  });

  it('prints the same as JSON', async () => {
    const { stdout } = await plan(...USUAL, '--json');
    const found = JSON.parse(stdout) as { pods: number; rules: { minReplicas: number }; bursts: unknown[] };
    expect(found.rules.minReplicas).toBe(found.pods);
    expect(found.bursts).toHaveLength(3);
  });

  it('says when no number of pods would do', async () => {
    const { code, stderr } = await plan(...USUAL.slice(0, -1), '30');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'A run takes 40 ms: even a pod that computes only 0.5 % of the time does not answer 99 % of the requests within 30 ms.\n',
    );
  });

  it('says when a rate needs more pods than a deployment may have', async () => {
    const { code, stdout, stderr } = await plan('--rate', '10000', '--latency-ms', '200', ...USUAL.slice(4));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^10000 requests\/s need \d+ pods, but a deployment has at most 1000; divide the rate/);
  });

  it('refuses what is no number', async () => {
    const { code, stderr } = await plan('--rate', 'many', ...USUAL.slice(2));
    expect(code).toBe(2);
    expect(stderr).toContain('It must be a number from 0.1 to 10000.');
  });
});
