import type { Manifest } from '../model/package/manifest.ts';
import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from '../service/engine/device/cuda-provider.ts';
import { chooseDevice, type DeviceOptions } from '../service/engine/device/choose-device.ts';
import type { Gpu } from '../service/engine/device/visible-gpus.ts';
import type { Settings } from '../service/settings/definitions.ts';

export type Precision = Manifest['precision'];

/** The precision for this machine, and why. */
export interface PrecisionChoice {
  readonly precision: Precision;
  readonly reason: string;
  /** How to get fp16, if ONNX Runtime's CUDA provider is all that is missing for it. */
  readonly hint?: string;
}

/**
 * Chooses fp16 if the service would run on CUDA. A CPU gains nothing from fp16 and has to cast to fp32 and back.
 *
 * @throws UserError `machine-unsuitable` if DEVICE is cuda and CUDA is not available
 */
export async function choosePrecision(
  device: Settings['DEVICE'],
  options: DeviceOptions = {},
): Promise<PrecisionChoice> {
  const choice = await chooseDevice(device, options);
  if (choice.kind === 'gpus') {
    return { precision: 'fp16', reason: `DEVICE is ${device}, and CUDA can run on ${namesOf(choice.gpus)}` };
  }
  if (choice.kind === 'unlisted') {
    const reason = `DEVICE is ${device}, and ONNX Runtime's CUDA provider is installed`;
    return { precision: 'fp16', reason };
  }
  const { reason } = choice;
  const { cudaInstalled = hasCudaProvider() } = options;
  const installed = cudaInstalled ? choice : await chooseDevice(device, { ...options, cudaInstalled: true });
  if (installed.kind !== 'gpus') return { precision: 'fp32', reason };
  const hint = `To use ${namesOf(installed.gpus)}, install it with \`${INSTALL_CUDA_PROVIDER}\` and run \`setup\` again, which then compiles to fp16.`;
  return { precision: 'fp32', reason, hint };
}

function namesOf(gpus: readonly Gpu[]): string {
  return gpus.map(({ index, name }) => `GPU ${index} (${name})`).join(' and ');
}
