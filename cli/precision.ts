import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from '../service/engine/device/cuda-provider.ts';
import { chooseDevice } from '../service/engine/device/choose-device.ts';
import type { DeviceOptions } from '../service/engine/device/choose-device.ts';
import type { Gpu } from '../service/engine/device/visible-gpus.ts';
import type { Device } from '../service/engine/protocol.ts';

export type Precision = 'fp32' | 'fp16';

/** The precision for this machine, and why. */
export interface PrecisionChoice {
  readonly precision: Precision;
  readonly reason: string;
  /** A sentence on how it becomes fp16, where no more than ONNX Runtime's provider is missing. */
  readonly hint?: string;
}

/**
 * Chooses fp16 where the service would run on CUDA, and nowhere else: a CPU gains nothing by it, and has casts to do.
 *
 * @throws UserError `settings-invalid` where DEVICE is cuda and it cannot be had
 */
export async function choosePrecision(device: Device, options: DeviceOptions = {}): Promise<PrecisionChoice> {
  const choice = await chooseDevice(device, options);
  if (choice.kind === 'gpus') {
    const reason = `DEVICE is ${device}, and CUDA can run on ${namesOf(choice.gpus)}`;
    return { precision: 'fp16', reason };
  }
  if (choice.kind === 'unlisted') {
    return {
      precision: 'fp16',
      reason: `DEVICE is ${device}, and ONNX Runtime's CUDA provider is installed`,
    };
  }
  const { reason } = choice;
  const { cudaInstalled = hasCudaProvider() } = options;
  const installed = cudaInstalled ? choice : await chooseDevice(device, { ...options, cudaInstalled: true });
  if (installed.kind !== 'gpus') return { precision: 'fp32', reason };
  const hint = `To use ${namesOf(installed.gpus)}, install it by \`${INSTALL_CUDA_PROVIDER}\`: \`setup\` run again then makes the fp16 package.`;
  return { precision: 'fp32', reason, hint };
}

function namesOf(gpus: readonly Gpu[]): string {
  return gpus.map(({ index, name }) => `GPU ${index} (${name})`).join(' and ');
}
