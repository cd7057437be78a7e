import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compatDriver, cudaBuildOf, cudaIncompatibility } from '../../../../service/engine/device/cuda-build.ts';
import type { Gpu, Obstacle } from '../../../../service/engine/device/visible-gpus.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const TAKE_CUDA_12 = 'build the image for CUDA 12 (`docker build --target cuda --build-arg CUDA=12 .`)';

/** What is said of a GPU by the build in a release of onnxruntime-node. */
function judged(release: string, computeCapability: string, driver: string, compat = 0): Obstacle | undefined {
  const uuid = 'GPU-aaaa';
  const memory = { totalBytes: undefined, freeBytes: undefined };
  const gpu: Gpu = {
    index: '0',
    name: 'Some GPU',
    uuid,
    gpuUuid: uuid,
    ...memory,
    computeCapability,
    driver,
  };
  return cudaIncompatibility(gpu, { build: cudaBuildOf(release), compat });
}

describe('a release of onnxruntime-node', () => {
  it.each([
    ['1.20.1', 12],
    ['1.26.0', 12],
    ['1.27.0', 13],
    ['1.30.0', 13],
    ['2.0.0', 13],
  ])('%s is built for CUDA %i', (release, cuda) => {
    expect(cudaBuildOf(release).cuda).toBe(cuda);
  });
});

describe('a GPU', () => {
  it.each([
    ['1.30.0', '7.5', '580.65.06'],
    ['1.30.0', '12.0', '590.10'],
    ['1.26.0', '7.0', '535.288.01'],
    ['1.26.0', '9.0', '580.95.05'],
  ])('meets the requirements of release %s with capability %s and driver %s', (release, capability, driver) => {
    expect(judged(release, capability, driver)).toBeUndefined();
  });

  it.each([
    ['[N/A]', '[N/A]'],
    ['', ''],
    ['8.0', '[N/A]'],
    ['[N/A]', '580.95.05'],
  ])('is not rejected for an unknown capability or driver: "%s", "%s"', (capability, driver) => {
    expect(judged('1.30.0', capability, driver)).toBeUndefined();
  });

  it.each([
    [
      '1.30.0',
      '7.0',
      '580.95.05',
      "compute capability 7.0, but ONNX Runtime's build for CUDA 13 needs at least 7.5",
      TAKE_CUDA_12,
    ],
    [
      '1.30.0',
      '8.0',
      '570.172.08',
      "driver 570.172.08, but ONNX Runtime's build for CUDA 13 needs at least 580",
      `update the driver, or ${TAKE_CUDA_12}`,
    ],
    [
      '1.30.0',
      '7.0',
      '535.288.01',
      "compute capability 7.0 and driver 535.288.01, but ONNX Runtime's build for CUDA 13 needs at least 7.5 and 580",
      TAKE_CUDA_12,
    ],
    [
      '1.30.0',
      '7.0',
      '470.256.02',
      "compute capability 7.0 and driver 470.256.02, but ONNX Runtime's build for CUDA 13 needs at least 7.5 and 580",
      `update the driver, and ${TAKE_CUDA_12}`,
    ],
    [
      '1.30.0',
      '8.0',
      '470.256.02',
      "driver 470.256.02, but ONNX Runtime's build for CUDA 13 needs at least 580",
      'update the driver',
    ],
    [
      '1.30.0',
      '6.1',
      '580.95.05',
      "compute capability 6.1, but ONNX Runtime's build for CUDA 13 needs at least 7.5",
      'give it a GPU with compute capability 7.0 or more',
    ],
    [
      '1.26.0',
      '8.0',
      '525.60.13',
      "driver 525.60.13, but ONNX Runtime's build for CUDA 12 needs at least 535",
      'update the driver',
    ],
    [
      '1.26.0',
      '6.1',
      '535.288.01',
      "compute capability 6.1, but ONNX Runtime's build for CUDA 12 needs at least 7.0",
      'give it a GPU with compute capability 7.0 or more',
    ],
  ])('is rejected by release %s with capability %s and driver %s', (release, capability, driver, has, remedy) => {
    expect(judged(release, capability, driver)).toEqual({ reason: `GPU 0 (Some GPU) has ${has}`, remedy });
  });

  it("uses the newer driver of the image's compatibility folder", () => {
    expect(judged('1.30.0', '8.0', '550.90.07', 580)).toBeUndefined();
    expect(judged('1.30.0', '8.0', '550.90.07', 570)).toBeDefined();
    expect(judged('1.30.0', '7.0', '550.90.07', 580)?.reason).toMatch(/has compute capability 7\.0, but/);
  });
});

it("reads the version of an image's driver from the name of its library", () => {
  const folder = tempFolder();
  expect(compatDriver(join(folder, 'none'))).toBe(0);
  expect(compatDriver(folder)).toBe(0);
  mkdirSync(join(folder, 'compat'));
  for (const name of ['libcuda.so', 'libcuda.so.1', 'libcuda.so.580.95.05', 'libnvidia-nvvm.so.4']) {
    writeFileSync(join(folder, 'compat', name), '');
  }
  expect(compatDriver(join(folder, 'compat'))).toBe(580);
});
