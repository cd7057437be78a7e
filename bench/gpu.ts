// Runs every check that needs a GPU and writes a report: `npm run bench:gpu`. See the help below and docs/gpu.md.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { UserError } from '../model/errors.ts';
import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from '../service/engine/device/cuda-provider.ts';
import { listGpus, visibleGpus, type Gpu } from '../service/engine/device/visible-gpus.ts';
import type { Context } from './gpu/check.ts';
import { findSubjects, type BenchDevice, type Subject } from './gpu/subjects.ts';
import { measurePeak } from './gpu/peak.ts';
import { writeReport, type Entry } from './gpu/report.ts';
import { runChecks } from './gpu/run-checks.ts';
import type { SessionRun } from './gpu/session-messages.ts';
import { runSession } from './gpu/session-run.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';

const HELP = `usage: npm run bench:gpu -- [options]

Runs the checks that need a GPU and writes a report: parity of the fp16 package with the fp32 one, speed for each batch
size and text length, the provider and attention kernel of each node, warm-up, memory, share of the GPU's peak, the
service under load, and the GPU monitor. Exits with 1 if a check fails.

  --checkpoint <folder>  a checkpoint to compile in both precisions; may be given several times (default: the demo
                         model, and on a GPU a random one of OFA-large's shapes, which needs 8 GB of disk)
  --fp16 <package>       existing packages to check instead; both are required
  --fp32 <package>
  --max-batch <number>   largest batch (default: 16, on a CPU 4)
  --measure-ms <number>  how long to time each shape (default: 1000)
  --report <file>        the report in Markdown, with JSON beside it (default: build/gpu-report.md)
  --packages <folder>    keeps the compiled packages here; the next run reuses those of the same version and
                         checkpoint (default: a temporary folder)
  --device cuda|cpu      cpu runs the checks without a GPU, to test the checks themselves (default: cuda)`;

interface Options {
  readonly device: BenchDevice;
  readonly checkpoints: readonly string[];
  readonly packages?: { readonly fp16: string; readonly fp32: string };
  readonly maxBatch: number;
  readonly measureMs: number;
  readonly report: string;
  readonly folder?: string;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      checkpoint: { type: 'string', multiple: true, default: [] },
      fp16: { type: 'string' },
      fp32: { type: 'string' },
      'max-batch': { type: 'string' },
      'measure-ms': { type: 'string', default: '1000' },
      report: { type: 'string', default: 'build/gpu-report.md' },
      packages: { type: 'string' },
      device: { type: 'string', default: 'cuda' },
    },
  });
  const { device, fp16, fp32 } = values;
  if (device !== 'cuda' && device !== 'cpu') {
    throw new UserError('settings-invalid', `--device is "${device}" but must be cuda or cpu.`);
  }
  if ((fp16 === undefined) !== (fp32 === undefined)) {
    throw new UserError('settings-invalid', '--fp16 and --fp32 are compared, so give both or neither.');
  }
  return {
    device,
    checkpoints: values.checkpoint,
    ...(fp16 === undefined || fp32 === undefined ? {} : { packages: { fp16, fp32 } }),
    maxBatch: wholeNumber('--max-batch', values['max-batch'] ?? (device === 'cuda' ? '16' : '4')),
    measureMs: wholeNumber('--measure-ms', values['measure-ms']),
    report: values.report,
    ...(values.packages === undefined ? {} : { folder: values.packages }),
  };
}

/** The visible GPUs. @throws UserError if there are none or CUDA is not installed */
async function findGpus(): Promise<Gpu[]> {
  const or = 'or run it with --device cpu, which tests the checks without a GPU';
  const found = await listGpus();
  if ('problem' in found) {
    throw new UserError('engine-failed', `This needs a machine with an NVIDIA GPU: ${found.problem}; ${or}.`);
  }
  // Makes CUDA's indices the same as those of nvidia-smi.
  process.env['CUDA_DEVICE_ORDER'] = 'PCI_BUS_ID';
  const gpus = visibleGpus(found.gpus, process.env);
  if (gpus.length === 0) {
    throw new UserError('engine-failed', `This needs a machine with an NVIDIA GPU, and none is visible; ${or}.`);
  }
  if (!hasCudaProvider()) {
    throw new UserError(
      'engine-failed',
      `ONNX Runtime's CUDA provider is not installed: run \`${INSTALL_CUDA_PROVIDER}\`, ${or}.`,
    );
  }
  return gpus;
}

/** A context that measures what several checks need only once, on first use. */
function makeContext(parts: Omit<Context, 'sessionRun' | 'peak'>): Context {
  const runs = new Map<Subject, Promise<SessionRun>>();
  let peak: Promise<number> | undefined;
  return {
    ...parts,
    sessionRun: (subject) => {
      const run = runs.get(subject) ?? runSession(parts, subject);
      runs.set(subject, run);
      return run;
    },
    peak: () => (peak ??= measurePeak(parts)),
  };
}

async function main(): Promise<void> {
  const options = readOptions();
  const { device, maxBatch, measureMs, report } = options;
  const gpus = device === 'cuda' ? await findGpus() : [];
  const scratch = await mkdtemp(join(tmpdir(), 'ofa-ve-gpu-bench-'));
  try {
    const subjects = await findSubjects({
      folder: scratch,
      ...options,
      onProgress: (line) => {
        console.log(line);
      },
    });
    const threads = availableParallelism();
    const context = makeContext({ device, gpus, maxBatch, threads, measureMs, scratch });
    const record = (found: readonly Entry[], underWay?: string) => writeReport(report, device, found, underWay);
    const entries = await runChecks(subjects, context, record);
    const { markdown, json } = await record(entries);
    console.log(`report: ${markdown}, ${json}`);
    if (entries.some(({ finding }) => finding.verdict === 'failed')) process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await runProgram(main, HELP);
