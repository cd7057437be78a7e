import { percent, table } from '../support/format.ts';
import type { Check, Context, Finding } from './check.ts';
import { nominalPeak } from './nominal-peaks.ts';
import { teraflops } from './peak.ts';
import type { SessionRun, ShapeTimes } from './session-messages.ts';
import type { Subject } from './subjects.ts';

/** Throughput and latency for each batch size and text length, and the share of the device's peak. */
export function speedCheck(subject: Subject): Check {
  return {
    name: 'speed',
    subject: subject.name,
    async run(context) {
      const { shapes } = await context.sessionRun(subject);
      return describe(subject, shapes, await context.peak(), context);
    },
  };
}

function describe({ manifest }: Subject, shapes: readonly ShapeTimes[], peak: number, { gpus }: Context): Finding {
  const longest = Math.max(...manifest.text.lengths);
  const perSecond = ({ batch, medianMs }: ShapeTimes): number => (1000 * batch) / medianMs;
  const rows = shapes.map((shape) => [
    shape.length,
    shape.batch,
    shape.medianMs.toFixed(2),
    shape.p95Ms.toFixed(2),
    perSecond(shape).toFixed(1),
    shape.runs,
  ]);
  const best = shapes.filter(({ length }) => length === longest).sort((a, b) => perSecond(b) - perSecond(a))[0];
  if (best === undefined) return { verdict: 'failed', summary: 'No shape was timed.' };
  // The manifest's figure is for the longest text.
  const rate = manifest.graph.multiplyAdds * perSecond(best);
  const nominal = nominalPeak(gpus[0]?.name ?? '');
  const ofNominal = nominal === undefined ? '' : ` and ${percent(rate / nominal, 0)} of the data sheet's`;
  return {
    verdict: 'measured',
    summary: `At best ${perSecond(best).toFixed(1)} answers/s (batch ${best.batch}, ${longest} tokens): ${teraflops(rate)}, ${percent(rate / peak, 0)} of the measured peak${ofNominal}.`,
    details: table(['tokens', 'batch', 'median ms', 'p95 ms', 'answers/s', 'runs'], rows),
    data: { shapes, shareOfPeak: rate / peak, shareOfNominal: nominal === undefined ? null : rate / nominal },
  };
}

/** Time to load the model and to run each shape for the first time: what an engine does before it is ready. */
export function warmUpCheck(subject: Subject): Check {
  return {
    name: 'warm-up',
    subject: subject.name,
    run: async (context) => describeWarmUp(await context.sessionRun(subject), context.device),
  };
}

function describeWarmUp({ loadMs, shapes, provider }: SessionRun, device: string): Finding {
  const firstMs = shapes.reduce((sum, shape) => sum + shape.firstMs, 0);
  const again = shapes.reduce((sum, shape) => sum + shape.medianMs, 0);
  if (provider !== device) {
    return { verdict: 'failed', summary: `The session runs on ${provider}, not on ${device}.` };
  }
  return {
    verdict: 'measured',
    summary: `Loaded in ${(loadMs / 1000).toFixed(2)} s; the first run of all ${shapes.length} shapes took ${(firstMs / 1000).toFixed(2)} s, ${(firstMs / again).toFixed(1)} times a later one.`,
    details: table(
      ['tokens', 'batch', 'first run ms'],
      shapes.map((shape) => [shape.length, shape.batch, shape.firstMs.toFixed(1)]),
    ),
    data: { loadMs, firstMs },
  };
}
