import { availableParallelism } from 'node:os';

import { UserError } from '../../model/errors.ts';
import type { Manifest } from '../../model/package.ts';
import { hasCudaProvider, INSTALL_CUDA_PROVIDER } from './cuda-provider.ts';
import { listGpus, visibleGpus } from './gpus.ts';
import type { Gpu } from './gpus.ts';
import { cpuMemoryWarning, gpuMemoryShortage } from './memory.ts';
import type { Device } from './protocol.ts';

/** Which engines there are to be, and why. */
export interface EnginePlan {
  /** `auto`: CUDA, and the CPU where it cannot be loaded. */
  readonly device: Device;
  /** The engines by number; each with its GPU where it is known. At least one. */
  readonly engines: readonly { readonly gpu?: Gpu }[];
  /** Threads of an engine on the CPU. */
  readonly threads: number;
  /** Why it is this device: a clause for the log. */
  readonly reason: string;
  /** The reason, where `auto` was asked for and the CPU is taken. */
  readonly fallback?: string;
  /** What somebody should know, though it does not stop the start. */
  readonly warnings: readonly string[];
}

/** The settings that decide. */
export interface PlanSettings {
  readonly DEVICE: Device;
  readonly ENGINES: number;
  readonly ENGINE_THREADS: number;
  readonly MAX_BATCH: number;
}

export interface PlanOptions {
  /** Whether CUDA can be loaded at all. @default whether its provider is installed */
  readonly cudaInstalled?: boolean;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Decides where the model runs: one engine for each GPU that is visible and has the memory free, else on the CPU.
 *
 * @param memory the package's needs
 * @throws UserError `settings-invalid` where the settings ask for what the machine does not have
 */
export async function planEngines(
  settings: PlanSettings,
  memory: Manifest['memory'],
  { cudaInstalled = hasCudaProvider(), environment = process.env }: PlanOptions = {},
): Promise<EnginePlan> {
  const { DEVICE: device } = settings;
  const cpu = (reason: string): EnginePlan => planCpu(settings, memory, reason);
  if (device === 'cpu') return cpu('DEVICE is cpu');
  /** Ends the start of `cuda`; lets `auto` take the CPU. */
  const without = (reason: string, remedy: string): EnginePlan => {
    if (device === 'auto') return cpu(`DEVICE is auto, and ${reason}`);
    throw new UserError('settings-invalid', `DEVICE is cuda, but ${reason}; ${remedy}.`);
  };
  if (!cudaInstalled) {
    return without("ONNX Runtime's CUDA provider is not installed", `run \`${INSTALL_CUDA_PROVIDER}\``);
  }
  const found = await listGpus();
  if ('problem' in found) return planUnseen(settings, found.problem);
  const visible = visibleGpus(found.gpus, environment);
  if (visible.length === 0) {
    const hidden =
      found.gpus.length === 0 ? 'nvidia-smi finds no GPU' : 'CUDA_VISIBLE_DEVICES shows none of the GPUs';
    return without(hidden, 'give it a GPU, or set DEVICE to cpu');
  }
  return planGpus(settings, memory, visible, without);
}

/** As many engines as GPUs, as far as the model fits them. */
function planGpus(
  settings: PlanSettings,
  memory: Manifest['memory'],
  visible: readonly Gpu[],
  without: (reason: string, remedy: string) => EnginePlan,
): EnginePlan {
  const { DEVICE: device, ENGINES: wanted, MAX_BATCH: maxBatch } = settings;
  checkCount(wanted, visible.length, `${visible.length} visible`);
  const shortages = visible.flatMap((gpu) => gpuMemoryShortage(gpu, memory, maxBatch) ?? []);
  const fitting = visible.filter((gpu) => gpuMemoryShortage(gpu, memory, maxBatch) === undefined);
  const enough = device === 'auto' ? 1 : wanted || visible.length;
  const [shortage] = shortages;
  if (shortage !== undefined && fitting.length < enough) return without(shortage.reason, shortage.remedy);
  const gpus = wanted === 0 ? fitting : fitting.slice(0, wanted);
  const names = gpus.map(({ index, name }) => `GPU ${index} (${name})`);
  return {
    device,
    engines: gpus.map((gpu) => ({ gpu })),
    threads: settings.ENGINE_THREADS || availableParallelism(),
    reason: `DEVICE is ${device}, and there is memory for the model on ${names.join(' and ')}`,
    warnings: shortages.map(({ reason, remedy }) => `${reason}; ${remedy}`),
  };
}

/** CUDA may work where nvidia-smi does not (a container without the driver's utilities): one engine finds out. */
function planUnseen(settings: PlanSettings, problem: string): EnginePlan {
  checkCount(settings.ENGINES, 1, 'none can be counted without nvidia-smi');
  return {
    device: settings.DEVICE,
    engines: [{}],
    threads: settings.ENGINE_THREADS || availableParallelism(),
    reason: `DEVICE is ${settings.DEVICE}, and the engine tries CUDA`,
    warnings: [`GPUs are neither counted nor is their memory checked: ${problem}`],
  };
}

function checkCount(wanted: number, most: number, there: string): void {
  if (wanted <= most) return;
  throw new UserError(
    'settings-invalid',
    `ENGINES is ${wanted}, which is more than the GPUs there are (${there}); set it to ${most}, or to 0 for one engine each.`,
  );
}

function planCpu(settings: PlanSettings, memory: Manifest['memory'], reason: string): EnginePlan {
  const count = settings.ENGINES || 1;
  const warning = cpuMemoryWarning(memory, settings.MAX_BATCH, count);
  return {
    device: 'cpu',
    engines: Array.from({ length: count }, () => ({})),
    threads: settings.ENGINE_THREADS || Math.max(1, Math.floor(availableParallelism() / count)),
    reason,
    ...(settings.DEVICE === 'auto' ? { fallback: reason } : {}),
    warnings: warning === undefined ? [] : [warning],
  };
}
