import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KernelCounts } from '../../service/engine/process/attention-kernels.ts';
import { runChild } from '../support/measure-child.ts';
import { table } from '../support/format.ts';
import type { Check, Context, Finding } from './check.ts';
import type { Placement } from './placement-child.ts';
import type { Subject } from './subjects.ts';

const PROVIDERS = { cuda: 'CUDAExecutionProvider', cpu: 'CPUExecutionProvider' } as const;

/** Which provider runs each node, according to ONNX Runtime's profile of a run, and which attention kernels are used. */
export function placementCheck(subject: Subject): Check {
  return {
    name: 'placement',
    subject: subject.name,
    async run(context) {
      const script = fileURLToPath(new URL('placement-child.ts', import.meta.url));
      const folder = await mkdtemp(join(context.scratch, 'profile-'));
      const { device, threads } = context;
      const { stdout } = await runChild(script, [subject.served, device, String(threads), folder]);
      const placements = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Placement[];
      const { kernels } = await context.sessionRun(subject);
      return judgePlacement(placements, kernels, context);
    },
  };
}

/** Judges placements and kernels. */
export function judgePlacement(
  placements: readonly Placement[],
  kernels: KernelCounts | undefined,
  { device }: Pick<Context, 'device'>,
): Finding {
  const wanted = PROVIDERS[device];
  const nodes = (list: readonly Placement[]): number => list.reduce((sum, { count }) => sum + count, 0);
  const strays = placements.filter(({ provider }) => provider !== wanted);
  const copies = nodes(placements.filter(({ operator }) => operator.startsWith('Memcpy')));
  const details = [
    table(
      ['provider', 'operator', 'nodes'],
      placements.map(({ provider, operator, count }) => [provider, operator, count]),
    ),
    `Attention kernels: ${kernels === undefined ? 'not reported (a CPU has only one)' : JSON.stringify(kernels)}`,
  ].join('\n\n');
  const data = { placements, kernels, copies };
  if (placements.length === 0 || strays.length > 0) {
    const names = [...new Set(strays.map(({ operator }) => operator))].join(', ');
    const summary = `${nodes(strays)} of ${nodes(placements)} nodes are not on ${wanted}: ${names}.`;
    return { verdict: 'failed', summary, details, data };
  }
  const all = `All ${nodes(placements)} nodes are on ${wanted}`;
  if (device === 'cpu') return { verdict: 'passed', summary: `${all}.`, details, data };
  const attention = Object.entries(kernels ?? {}).flatMap(([part, counts]) =>
    Object.entries(counts).map(([kernel, count]) => `${part} ${count} ${kernel}`),
  );
  // The decoder's few positions are not a multiple of 8, so that it uses unfused attention, which costs little there.
  const encoder = kernels?.['encoder'];
  const isFused = encoder !== undefined && encoder['MATH'] === undefined;
  return {
    verdict: isFused ? 'passed' : 'failed',
    summary: `${all}, with ${copies} copies between host and GPU; attention: ${attention.join(', ') || 'no kernel was reported'}${isFused ? '' : ' (the encoder must not take MATH, the unfused one)'}.`,
    details,
    data,
  };
}
