import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { compileCheckpoint } from '../../model/compile/compile.ts';
import { EXAMPLES } from '../../demo/examples.ts';
import { DEMO_CHECKPOINT } from '../../demo/demo-package.ts';
import { UserError } from '../../model/errors.ts';
import { openPackage } from '../../model/package/open-package.ts';
import type { Manifest } from '../../model/package/manifest.ts';
import { isUpToDate } from '../../model/compile/up-to-date.ts';
import { writeLargeCheckpoint } from '../support/large-checkpoint.ts';

/** Where the checks run; `cpu` tests the checks themselves on a machine without a GPU. */
export type BenchDevice = 'cuda' | 'cpu';

/** A model in both precisions. */
export interface Subject {
  readonly name: string;
  /** Folder of each package. */
  readonly fp16: string;
  readonly fp32: string;
  /** The package for the device, and its manifest. */
  readonly served: string;
  readonly manifest: Manifest;
}

/** A model whose packages are not compiled yet. */
export interface Compilation {
  readonly name: string;
  /** @returns the subject, and a sentence that says which packages were compiled */
  compile(): Promise<{ readonly subject: Subject; readonly summary: string }>;
}

export interface SubjectOptions {
  readonly device: BenchDevice;
  /** Checkpoints to compile in both precisions. */
  readonly checkpoints: readonly string[];
  /** Existing packages. */
  readonly packages?: Readonly<Record<Precision, string>>;
  /** Where to put compiled packages; those that are up to date are reused. */
  readonly folder: string;
  readonly onProgress: (line: string) => void;
}

/** What runs on GPUs, and what it is compared with. */
type Precision = Exclude<Manifest['precision'], 'int8'>;

/**
 * The models to check: the given ones, or else the demo model and, on a GPU, a random one with OFA-large's exact shapes.
 *
 * @throws UserError if a given package cannot be read or has another precision
 */
export async function findSubjects(options: SubjectOptions): Promise<(Subject | Compilation)[]> {
  const { packages, checkpoints, device, folder } = options;
  const given = checkpoints.map((checkpoint) => compilationOf(checkpoint, options));
  if (packages !== undefined) {
    for (const precision of ['fp16', 'fp32'] as const) await checkPrecision(packages[precision], precision);
    return [await subjectOf(packages.fp16, packages.fp32, device), ...given];
  }
  if (given.length > 0) return given;
  const demo = compilationOf(DEMO_CHECKPOINT, options, { name: 'ofa-demo', examples: EXAMPLES });
  if (device === 'cpu') return [demo];
  const large = join(folder, 'random-large-checkpoint');
  return [demo, compilationOf(large, options, { prepare: () => writeOnce(large, options) })];
}

async function checkPrecision(folder: string, wanted: Precision): Promise<void> {
  const { precision } = (await openPackage(folder)).manifest;
  if (precision === wanted) return;
  throw new UserError(
    'settings-invalid',
    `--${wanted} is ${folder}, a package in ${precision}; give one that was compiled with --precision ${wanted}.`,
  );
}

function compilationOf(
  checkpoint: string,
  { device, folder, onProgress }: SubjectOptions,
  about: { readonly name?: string; readonly examples?: string; readonly prepare?: () => Promise<void> } = {},
): Compilation {
  const { name = basename(resolve(checkpoint)), prepare, ...more } = about;
  const targets = { fp16: join(folder, `${name}-fp16`), fp32: join(folder, `${name}-fp32`) };
  return {
    name,
    async compile() {
      await prepare?.();
      const done = { compiled: [] as Precision[], kept: [] as Precision[] };
      for (const precision of ['fp32', 'fp16'] as const) {
        const target = targets[precision];
        if (await isUpToDate(checkpoint, target, { precision })) {
          done.kept.push(precision);
          continue;
        }
        onProgress(`compiling ${name} in ${precision}`);
        await compileCheckpoint(checkpoint, target, { ...more, name, precision, replace: true });
        done.compiled.push(precision);
      }
      const parts = [
        ...(done.compiled.length === 0 ? [] : [`compiled in ${done.compiled.join(' and ')}`]),
        ...(done.kept.length === 0 ? [] : [`already up to date in ${done.kept.join(' and ')}`]),
      ];
      const subject = await subjectOf(targets.fp16, targets.fp32, device);
      return { subject, summary: `The model is ${parts.join(', ')}.` };
    },
  };
}

async function subjectOf(fp16: string, fp32: string, device: BenchDevice): Promise<Subject> {
  const served = device === 'cuda' ? fp16 : fp32;
  const { manifest } = await openPackage(served);
  return { name: manifest.name, fp16, fp32, served, manifest };
}

async function writeOnce(checkpoint: string, { onProgress }: SubjectOptions): Promise<void> {
  if (existsSync(checkpoint)) return;
  onProgress("writing a random checkpoint of OFA-large's shapes (2 GB)");
  await writeLargeCheckpoint(checkpoint);
}
