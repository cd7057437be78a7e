import { expect, it } from 'vitest';
import { config } from '../../infra/config.ts';
import { deepChange, mistakesOf } from './mistakes.ts';

/** The configuration to start from, with other values in its first workload. */
function changed(changes: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(changes).reduce<unknown>(
    (whole, [path, value]) => deepChange(whole, `workloads.0.${path}`, value),
    config,
  );
}

it.each([
  [
    'more engines than GPUs',
    { 'server.settings.ENGINES': 2 },
    'server.settings.ENGINES is 2, but a pod has 1 of its device; leave it out, and each gets an engine.',
  ],
  [
    'a GPU without an engine',
    { 'gpu.count': 2, 'server.settings.ENGINES': 1 },
    'server.settings.ENGINES is 1, but a pod has 2 of its device; leave it out, and each gets an engine.',
  ],
  [
    'memory for one engine on two GPUs',
    { 'gpu.count': 2, 'resources.requests.memory': '4.5Gi' },
    'resources.requests.memory is 4.5Gi, but the model needs 5.5Gi (model.needs); ask for at least that.',
  ],
])('refuses %s', (_, changes, sentence) => {
  expect(mistakesOf(changed(changes))).toContain(`workloads[0].${sentence}`);
});

it('takes an engine for each of two GPUs, said or not', () => {
  expect(mistakesOf(changed({ 'gpu.count': 2 }))).toEqual([]);
  expect(mistakesOf(changed({ 'gpu.count': 2, 'server.settings.ENGINES': 2 }))).toEqual([]);
});
