import { UserError } from '../../../model/errors.ts';
import { cudaIncompatibility } from './cuda-build.ts';
import type { FitOptions } from './cuda-build.ts';
import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from './cuda-provider.ts';
import { listGpus, visibleGpus } from './visible-gpus.ts';
import type { Gpu, Obstacle } from './visible-gpus.ts';
import type { Device } from '../protocol.ts';

/** Where a model runs, as far as the machine and DEVICE decide. Whether it fits a GPU's memory is another question. */
export type DeviceChoice =
  /** On CUDA: the GPUs that can be used, at least one; and what is wrong with others. */
  | { readonly kind: 'gpus'; readonly gpus: readonly Gpu[]; readonly unfit: readonly Obstacle[] }
  /** On CUDA, if that works: the GPUs cannot be listed, only tried. */
  | { readonly kind: 'unlisted'; readonly problem: string }
  | { readonly kind: 'cpu'; readonly reason: string };

export interface DeviceOptions extends FitOptions {
  /** Whether CUDA can be loaded at all. @default whether its provider is installed */
  readonly cudaInstalled?: boolean;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Chooses CUDA where it is installed and a GPU is visible that its build can run on.
 *
 * @throws UserError `settings-invalid` where DEVICE is cuda and there is none
 */
export async function chooseDevice(
  device: Device,
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
  const hidden =
    found.gpus.length === 0 ? 'nvidia-smi finds no GPU' : 'CUDA_VISIBLE_DEVICES shows none of the GPUs';
  return cpu(hidden, 'give it a GPU, or set DEVICE to cpu');
}

/**
 * Ends the start of `cuda`; lets `auto` take the CPU.
 *
 * @returns why it is the CPU: a clause for the log
 * @throws UserError `settings-invalid`
 */
export function withoutCuda(device: Device, { reason, remedy }: Obstacle): string {
  if (device === 'auto') return `DEVICE is auto, and ${reason}`;
  throw new UserError('settings-invalid', `DEVICE is cuda, but ${reason}; ${remedy}.`);
}
