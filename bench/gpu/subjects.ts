import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileCheckpoint } from '../../model/compile.ts';
import { EXAMPLES } from '../../model/demo/examples.ts';
import { DEMO_CHECKPOINT } from '../../model/demo/package.ts';
import { openPackage } from '../../model/open-package.ts';
import type { Manifest } from '../../model/package.ts';
import { writeLargeCheckpoint } from '../large-checkpoint.ts';
import type { BenchDevice } from './check.ts';

const SEED = 1;

/** A model in both precisions. */
export interface Subject {
  readonly name: string;
  /** Folders of the packages. */
  readonly fp16: string;
  readonly fp32: string;
  /** The package that the device is meant to run, and its manifest. */
  readonly served: string;
  readonly manifest: Manifest;
}

export interface SubjectOptions {
  readonly device: BenchDevice;
  /** Checkpoints to compile in both precisions. */
  readonly checkpoints: readonly string[];
  /** Packages that are there already. */
  readonly packages?: { readonly fp16: string; readonly fp32: string };
  /** Where compiled packages are put; one that is there is used again. */
  readonly folder: string;
  readonly tell: (line: string) => void;
}

/**
 * The models to check: those that are given, else the demo model and, on a GPU, a random one of OFA-large's exact
 * shapes.
 */
export async function findSubjects(options: SubjectOptions): Promise<Subject[]> {
  const { packages, checkpoints, device } = options;
  const subjects: Subject[] = [];
  if (packages !== undefined) subjects.push(await subjectOf(packages.fp16, packages.fp32, device));
  for (const checkpoint of checkpoints) subjects.push(await compileBoth(checkpoint, options));
  if (subjects.length > 0) return subjects;
  subjects.push(await compileBoth(DEMO_CHECKPOINT, options, { name: 'ofa-demo', examples: EXAMPLES }));
  if (device === 'cuda') subjects.push(await compileBoth(await largeCheckpoint(options), options));
  return subjects;
}

async function compileBoth(
  checkpoint: string,
  { device, folder, tell }: SubjectOptions,
  about: { readonly name: string; readonly examples?: string } = { name: basename(checkpoint) },
): Promise<Subject> {
  const { name } = about;
  const targets = { fp16: join(folder, `${name}-fp16`), fp32: join(folder, `${name}-fp32`) };
  for (const precision of ['fp32', 'fp16'] as const) {
    tell(`compiling ${name} in ${precision}`);
    await compileCheckpoint(checkpoint, targets[precision], { ...about, precision, replace: true });
  }
  return subjectOf(targets.fp16, targets.fp32, device);
}

async function subjectOf(fp16: string, fp32: string, device: BenchDevice): Promise<Subject> {
  const served = device === 'cuda' ? fp16 : fp32;
  const { manifest } = await openPackage(served);
  return { name: manifest.name, fp16, fp32, served, manifest };
}

async function largeCheckpoint({ folder, tell }: SubjectOptions): Promise<string> {
  const checkpoint = join(folder, 'random-large-checkpoint');
  if (!existsSync(checkpoint)) {
    tell("writing a random checkpoint of OFA-large's shapes (2 GB)");
    await writeLargeCheckpoint(checkpoint, SEED);
  }
  return checkpoint;
}
