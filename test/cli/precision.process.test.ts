import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { choosePrecision, type PrecisionChoice } from '../../cli/precision.ts';
import { checkCalibration } from '../../model/compile/prepare.ts';
import { UserError } from '../../model/errors.ts';
import { INSTALL_CUDA_PROVIDER } from '../../service/engine/device/cuda-provider.ts';
import type { DeviceOptions } from '../../service/engine/device/choose-device.ts';
import type { Settings } from '../../service/settings/definitions.ts';
import { fakeSmi, type FakeGpu, type FakeSmi } from '../../testing/fake-smi.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const T4 = { index: 0, uuid: 'GPU-aaaa' };
const V100 = { index: 1, uuid: 'GPU-bbbb', name: 'Tesla V100', capability: '7.0' };
const MISSING = { cudaInstalled: false };

let smi: FakeSmi | undefined;
afterEach(() => {
  smi?.remove();
  smi = undefined;
});

async function choose(
  device: Settings['DEVICE'],
  gpus: readonly FakeGpu[],
  options: DeviceOptions = {},
): Promise<PrecisionChoice> {
  smi = await fakeSmi(gpus);
  return choosePrecision(device, { cudaInstalled: true, environment: {}, compat: 0, ...options });
}

it.each(['auto', 'cuda'] as const)('is fp16 if CUDA has a GPU to run on (%s)', async (device) => {
  expect(await choose(device, [V100, T4])).toEqual({
    precision: 'fp16',
    reason: `DEVICE is ${device}, and CUDA can run on GPU 0 (NVIDIA T4)`,
  });
});

it('is fp16 if CUDA is installed and nvidia-smi does not work, because the engine tries CUDA then', async () => {
  smi = await fakeSmi([]);
  await smi.fail('NVIDIA-SMI has failed');
  expect(await choosePrecision('auto', { cudaInstalled: true, environment: {} })).toEqual({
    precision: 'fp16',
    reason: "DEVICE is auto, and ONNX Runtime's CUDA provider is installed",
  });
  expect(await choosePrecision('auto', { cudaInstalled: false, environment: {} })).toEqual({
    precision: 'fp32',
    reason: "DEVICE is auto, and ONNX Runtime's CUDA provider is not installed",
  });
});

it.each([
  ['DEVICE is cpu', 'cpu', [T4], {}, 'DEVICE is cpu'],
  ['DEVICE is cpu and CUDA is not installed', 'cpu', [T4], MISSING, 'DEVICE is cpu'],
  ['there is no GPU', 'auto', [], {}, 'DEVICE is auto, and nvidia-smi finds no GPU'],
  [
    'all GPUs are hidden',
    'auto',
    [T4],
    { environment: { CUDA_VISIBLE_DEVICES: '' } },
    'DEVICE is auto, and CUDA_VISIBLE_DEVICES shows none of the GPUs',
  ],
  [
    'the build cannot run on the GPU',
    'auto',
    [V100],
    {},
    'DEVICE is auto, and GPU 1 (Tesla V100) has compute capability 7.0',
  ],
  ['CUDA is not installed, and there is no GPU', 'auto', [], MISSING, 'DEVICE is auto, and ONNX Runtime'],
  [
    'CUDA is not installed, and all GPUs are hidden',
    'auto',
    [T4],
    { ...MISSING, environment: { CUDA_VISIBLE_DEVICES: '' } },
    'DEVICE is auto, and ONNX Runtime',
  ],
  ['CUDA is not installed, and could not run on the GPU', 'auto', [V100], MISSING, 'DEVICE is auto, and ONNX Runtime'],
] as const)('is fp32 without a hint to install anything if %s', async (_, device, gpus, options, reason) => {
  const { reason: actualReason, ...choice } = await choose(device, gpus, options);
  expect(choice).toEqual({ precision: 'fp32' });
  expect(actualReason.startsWith(reason)).toBe(true);
});

it('is fp32 if CUDA is not installed, with a hint how to get fp16 if there is a GPU', async () => {
  expect(await choose('auto', [T4, V100], MISSING)).toEqual({
    precision: 'fp32',
    reason: "DEVICE is auto, and ONNX Runtime's CUDA provider is not installed",
    hint: `To use GPU 0 (NVIDIA T4), install it with \`${INSTALL_CUDA_PROVIDER}\` and run \`setup\` again, which then compiles to fp16.`,
  });
});

it('is refused if DEVICE is cuda and CUDA is not available', async () => {
  const refused = choose('cuda', [T4], MISSING);
  await expect(refused).rejects.toBeInstanceOf(UserError);
  await expect(refused).rejects.toThrow(
    `DEVICE is cuda, but ONNX Runtime's CUDA provider is not installed; run \`${INSTALL_CUDA_PROVIDER}\`.`,
  );
});

it('is int8 where pictures for calibration are given, and their folder has some', async () => {
  const folder = tempFolder();
  await expect(checkCalibration('fp32', folder)).rejects.toThrow(
    '--calibration is for int8 alone, and the precision is fp32; leave it out, or add --precision int8.',
  );
  await expect(checkCalibration('int8', folder)).rejects.toThrow(
    `The calibration folder ${folder} has no pictures in it.`,
  );
  writeFileSync(path.join(folder, '1.jpg'), '');
  await checkCalibration('int8', folder);
  await checkCalibration('fp16', undefined);
});
