import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { Gpu, Obstacle } from './visible-gpus.ts';

/** What a build of ONNX Runtime's CUDA provider needs, at least: the table in docs/images.md. */
export interface CudaBuild {
  /** Version of CUDA that it was built for. */
  readonly cuda: 12 | 13;
  /** Branch of the driver. */
  readonly driver: number;
  /** Compute capability. */
  readonly capability: number;
}

/** From Turing on. */
const CUDA_13: CudaBuild = { cuda: 13, driver: 580, capability: 7.5 };
/** From Volta on. */
const CUDA_12: CudaBuild = { cuda: 12, driver: 535, capability: 7 };
const TAKE_CUDA_12 = 'build the image for CUDA 12 (`docker build --target cuda --build-arg CUDA=12 .`)';

/**
 * NVIDIA's images have the user's half of a newer driver here. The container toolkit puts it in the place of the
 * machine's, on the GPUs for which NVIDIA allows that.
 */
const COMPAT_FOLDER = '/usr/local/cuda/compat';

/** The build that a release of onnxruntime-node has: 1.26 is the last for CUDA 12. */
export function cudaBuildOf(release: string): CudaBuild {
  const [major = NaN, minor = NaN] = release.split('.').map(Number);
  return major < 1 || (major === 1 && minor <= 26) ? CUDA_12 : CUDA_13;
}

function installedBuild(): CudaBuild {
  const require = createRequire(import.meta.url);
  return cudaBuildOf((require('onnxruntime-node/package.json') as { version: string }).version);
}

/** Branch of the driver that the image brings along; 0 where it brings none. */
export function compatDriver(folder = COMPAT_FOLDER): number {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Most machines have none.
  }
  return Math.max(0, ...names.map((name) => Number(/^libcuda\.so\.(\d+)\./.exec(name)?.[1] ?? 0)));
}

export interface FitOptions {
  /** @default that of the installed onnxruntime-node */
  readonly build?: CudaBuild;
  /** Branch of the driver that comes along with the image. @default what {@link compatDriver} finds */
  readonly compat?: number;
}

/** Why the build cannot run on a GPU; undefined where it can, or where the driver does not tell. */
export function cudaIncompatibility(
  { index, name, computeCapability, driver }: Gpu,
  { build = installedBuild(), compat = compatDriver() }: FitOptions = {},
): Obstacle | undefined {
  // What is not reported is not a number, and not less than any.
  const capability = Number.parseFloat(computeCapability);
  const branch = Math.max(Number.parseInt(driver), compat);
  const weak = capability < build.capability;
  const old = branch < build.driver;
  if (!weak && !old) return undefined;
  const has = [
    ...(weak ? [`compute capability ${computeCapability}`] : []),
    ...(old ? [`driver ${driver}`] : []),
  ];
  const needs = [...(weak ? [build.capability.toFixed(1)] : []), ...(old ? [build.driver] : [])];
  return {
    reason: `GPU ${index} (${name}) has ${has.join(' and ')}, where ONNX Runtime's build for CUDA ${build.cuda} needs ${needs.join(' and ')} at least`,
    remedy: remedyFor(weak, capability < CUDA_12.capability, branch < CUDA_12.driver, build),
  };
}

/** @param weaker whether the GPU is too weak, and `older` whether its driver is too old, for the build for CUDA 12 too */
function remedyFor(weak: boolean, weaker: boolean, older: boolean, build: CudaBuild): string {
  if (weaker) return `give it a GPU with compute capability ${CUDA_12.capability.toFixed(1)} or more`;
  if (weak) return older ? `update the driver, and ${TAKE_CUDA_12}` : TAKE_CUDA_12;
  return build.cuda === 12 || older ? 'update the driver' : `update the driver, or ${TAKE_CUDA_12}`;
}
