import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Gpu, Obstacle } from './visible-gpus.ts';

/** A build of ONNX Runtime's CUDA provider and its minimum requirements; see the table in docs/images.md. */
export interface CudaBuild {
  /** The version of CUDA it was built for. */
  readonly cuda: 12 | 13;
  /** Lowest branch of the driver. */
  readonly driver: number;
  /** Lowest compute capability. */
  readonly capability: number;
}

/** From Turing on. */
const CUDA_13: CudaBuild = { cuda: 13, driver: 580, capability: 7.5 };
/** From Volta on. */
const CUDA_12: CudaBuild = { cuda: 12, driver: 535, capability: 7 };
const USE_CUDA_12 = 'build the image for CUDA 12 (`docker build --target cuda --build-arg CUDA=12 .`)';

/**
 * NVIDIA's images contain the user-mode part of a newer driver here. The container toolkit uses it in place of the
 * host's on the GPUs for which NVIDIA supports forward compatibility.
 */
const COMPAT_FOLDER = '/usr/local/cuda/compat';

/** The build in a release of onnxruntime-node: 1.26 is the last for CUDA 12. */
export function cudaBuildOf(release: string): CudaBuild {
  const [major = NaN, minor = NaN] = release.split('.').map(Number);
  return major < 1 || (major === 1 && minor <= 26) ? CUDA_12 : CUDA_13;
}

function installedBuild(): CudaBuild {
  const require = createRequire(import.meta.url);
  return cudaBuildOf((require('onnxruntime-node/package.json') as { version: string }).version);
}

/** Branch of the driver in the image's compatibility folder; 0 if there is none. */
export function compatDriver(folder = COMPAT_FOLDER): number {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Most machines have no such folder.
  }
  return Math.max(0, ...names.map((name) => Number(/^libcuda\.so\.(\d+)\./.exec(name)?.[1] ?? 0)));
}

export interface FitOptions {
  /** @default that of the installed onnxruntime-node */
  readonly build?: CudaBuild;
  /** Branch of the image's own driver. @default {@link compatDriver} */
  readonly compat?: number;
}

/** Why the build cannot run on a GPU; undefined if it can. What the driver does not report is no obstacle. */
export function cudaIncompatibility(
  { index, name, computeCapability, driver }: Gpu,
  { build = installedBuild(), compat = compatDriver() }: FitOptions = {},
): Obstacle | undefined {
  // A value that is not reported becomes NaN, which is not less than any minimum.
  const capability = Number.parseFloat(computeCapability);
  const branch = Math.max(Number.parseInt(driver), compat);
  const tooWeak = capability < build.capability;
  const tooOld = branch < build.driver;
  if (!tooWeak && !tooOld) return undefined;
  const has = [
    ...(tooWeak ? [`compute capability ${computeCapability}`] : []),
    ...(tooOld ? [`driver ${driver}`] : []),
  ];
  const needs = [...(tooWeak ? [build.capability.toFixed(1)] : []), ...(tooOld ? [build.driver] : [])];
  return {
    reason: `GPU ${index} (${name}) has ${has.join(' and ')}, but ONNX Runtime's build for CUDA ${build.cuda} needs at least ${needs.join(' and ')}`,
    remedy: remedyFor(tooWeak, capability < CUDA_12.capability, branch < CUDA_12.driver, build),
  };
}

function remedyFor(tooWeak: boolean, tooWeakFor12: boolean, tooOldFor12: boolean, build: CudaBuild): string {
  if (tooWeakFor12) return `give it a GPU with compute capability ${CUDA_12.capability.toFixed(1)} or more`;
  if (tooWeak) return tooOldFor12 ? `update the driver, and ${USE_CUDA_12}` : USE_CUDA_12;
  return build.cuda === 12 || tooOldFor12 ? 'update the driver' : `update the driver, or ${USE_CUDA_12}`;
}
