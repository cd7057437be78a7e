import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  forkSpareEngine,
  sparePicturesFd,
  startEngine,
  type EngineFork,
} from '../../../../service/engine/process/fork-engine.ts';

let spare: ChildProcess | undefined;
/** What the spare engine was forked with. */
let same: EngineFork = {};
const started: ChildProcess[] = [];

beforeEach(() => {
  spare = forkSpareEngine();
  const picturesFd = sparePicturesFd();
  same = picturesFd === undefined ? {} : { picturesFd };
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  if (same.picturesFd !== undefined) closeSync(same.picturesFd);
});

function start(options: EngineFork): ChildProcess {
  const child = startEngine(options);
  started.push(child);
  return child;
}

function exitOf(child: ChildProcess | undefined): Promise<unknown[]> {
  if (child === undefined) throw new Error('no spare engine was forked');
  return once(child, 'exit');
}

it('the spare engine becomes the first engine, and only the first', () => {
  expect(start(same)).toBe(spare);
  expect(sparePicturesFd()).toBeUndefined();
  expect(start(same)).not.toBe(spare);
});

it.each([
  ['needs another environment', () => ({ ...same, environment: { CUDA_VISIBLE_DEVICES: '0' } })],
  ['has no picture file', () => ({})],
])('the spare engine is ended if the first one %s', async (_, options) => {
  const exited = exitOf(spare);
  expect(start(options())).not.toBe(spare);
  expect(await exited).toEqual([null, 'SIGKILL']);
});

it('a spare engine that has ended is not taken', async () => {
  const exited = exitOf(spare);
  spare?.kill('SIGKILL');
  await exited;
  expect(start(same)).not.toBe(spare);
});

it.skipIf(process.platform !== 'linux')('the kernel kills an engine before the service', async () => {
  const adjustment = (): string => readFileSync(`/proc/${spare?.pid ?? 0}/oom_score_adj`, 'utf8').trim();
  const end = performance.now() + 30_000;
  while (adjustment() !== '1000' && performance.now() < end) await setTimeout(20);
  expect(adjustment()).toBe('1000');
  expect(Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))).toBeLessThan(1000);
});
