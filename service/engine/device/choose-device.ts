import { UserError, type FailureCode } from '../../../model/errors.ts';
import type { Settings } from '../../settings/definitions.ts';
import type { Environment } from '../../settings/setting.ts';
import { cudaIncompatibility, type FitOptions } from './cuda-build.ts';
import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from './cuda-provider.ts';
import { listGpus, visibleGpus, type Gpu, type Obstacle } from './visible-gpus.ts';

/** Where a model runs, according to DEVICE and the machine's hardware. GPU memory is checked later. */
export type DeviceChoice =
  /** CUDA on at least one GPU; `unfit` says why others cannot be used. */
  | { readonly kind: 'gpus'; readonly gpus: readonly Gpu[]; readonly unfit: readonly Obstacle[] }
  /** CUDA, if it starts: nvidia-smi cannot list the GPUs. */
  | { readonly kind: 'unlisted'; readonly problem: string }
  | { readonly kind: 'cpu'; readonly reason: string };

export interface DeviceOptions extends FitOptions {
  /** @default whether ONNX Runtime's CUDA provider is installed */
  readonly cudaInstalled?: boolean;
  /** @default process.env */
  readonly environment?: Environment;
}

/**
 * Chooses CUDA if its provider is installed and a visible GPU meets the provider's requirements.
 *
 * @throws UserError `machine-unsuitable` if DEVICE is cuda and CUDA cannot be used
 */
export async function chooseDevice(
  device: Settings['DEVICE'],
  { cudaInstalled = hasCudaProvider(), environment = process.env, ...fit }: DeviceOptions = {},
): Promise<DeviceChoice> {
  if (device === 'cpu') return { kind: 'cpu', reason: 'DEVICE is cpu' };
  const cpu = (reason: string, remedy: string): DeviceChoice => ({
    kind: 'cpu',
    reason: withoutCuda(device, { reason, remedy }),
  });
  if (!cudaInstalled) {
    return cpu("ONNX Runtime's CUDA provider is not installed", `run \`${INSTALL_CUDA_PROVIDER}\``);
  }
  const found = await listGpus();
  if ('problem' in found) return { kind: 'unlisted', problem: found.problem };
  const visible = visibleGpus(found.gpus, environment);
  const unfit = visible.flatMap((gpu) => cudaIncompatibility(gpu, fit) ?? []);
  const gpus = visible.filter((gpu) => cudaIncompatibility(gpu, fit) === undefined);
  if (gpus.length > 0) return { kind: 'gpus', gpus, unfit };
  const [first] = unfit;
  if (first !== undefined) return cpu(first.reason, first.remedy);
  const hidden = found.gpus.length === 0 ? 'nvidia-smi finds no GPU' : 'CUDA_VISIBLE_DEVICES shows none of the GPUs';
  return cpu(hidden, 'give it a GPU, or set DEVICE to cpu');
}

/**
 * Falls back to the CPU if DEVICE is auto.
 *
 * @param code what it is that does not go with CUDA
 * @returns why the CPU was chosen: a clause for the log
 * @throws UserError with that code if DEVICE is cuda
 */
export function withoutCuda(
  device: Settings['DEVICE'],
  { reason, remedy }: Obstacle,
  code: FailureCode = 'machine-unsuitable',
): string {
  if (device === 'auto') return `DEVICE is auto, and ${reason}`;
  throw new UserError(code, `DEVICE is cuda, but ${reason}; ${remedy}.`);
}
