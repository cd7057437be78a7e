import { availableParallelism } from 'node:os';

import { UserError } from '../../../model/errors.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { lacksVnni, WITHOUT_VNNI } from '../../../model/vnni.ts';
import { chooseDevice, withoutCuda, type DeviceChoice, type DeviceOptions } from './choose-device.ts';
import type { Gpu } from './visible-gpus.ts';
import { cpuMemoryWarning, gpuMemoryShortage } from './memory.ts';
import type { Provider } from '../protocol.ts';
import type { Settings } from '../../settings/definitions.ts';
import { featureCacheBytes } from '../../settings/memory.ts';

/** Which engines to start, and why. */
export interface EnginePlan {
  readonly device: Provider;
  /** Whether to fall back to the CPU if CUDA does not start, as DEVICE=auto does. */
  readonly fallsBack: boolean;
  /** At least one engine, each with its GPU if that is known. */
  readonly engines: readonly { readonly gpu?: Gpu }[];
  /** Threads of an engine on the CPU. */
  readonly threads: number;
  /** Why this device was chosen: a clause for the log. */
  readonly reason: string;
  /** The reason, if DEVICE is auto and the CPU was chosen. */
  readonly fallback?: string;
  /** Problems that do not prevent the start: sentences for the log. */
  readonly warnings: readonly string[];
}

/** The settings that the plan depends on. */
export type PlanSettings = Pick<Settings, 'DEVICE' | 'ENGINES' | 'ENGINE_THREADS' | 'MAX_BATCH' | 'FEATURE_CACHE_MB'>;

/**
 * Plans an engine for each GPU that is visible, meets the requirements of ONNX Runtime's build and has enough free
 * memory; or else engines on the CPU.
 *
 * @throws UserError `machine-unsuitable` if it lacks what the settings require; `settings-invalid` if the package does
 */
export async function planEngines(
  settings: PlanSettings,
  { memory, precision }: Pick<Manifest, 'memory' | 'precision'>,
  options: DeviceOptions = {},
): Promise<EnginePlan> {
  if (precision === 'int8') return planInt8(settings, memory);
  const choice = await chooseDevice(settings.DEVICE, options);
  switch (choice.kind) {
    case 'cpu':
      return planCpu(settings, memory, choice.reason);
    case 'unlisted':
      return planUnlisted(settings, choice.problem);
    case 'gpus':
      return planGpus(settings, memory, choice);
  }
}

function planInt8(settings: PlanSettings, memory: Manifest['memory']): EnginePlan {
  const plan = planCpu(settings, memory, cpuForInt8(settings.DEVICE));
  return lacksVnni() ? { ...plan, warnings: [...plan.warnings, WITHOUT_VNNI] } : plan;
}

/**
 * ONNX Runtime's CUDA provider has none of the operators of an int8 package.
 *
 * @returns why the CPU was chosen: a clause for the log
 * @throws UserError `settings-invalid` if DEVICE is cuda
 */
export function cpuForInt8(device: PlanSettings['DEVICE']): string {
  if (device === 'cpu') return 'DEVICE is cpu';
  const remedy = 'compile with --precision fp16, or set DEVICE to cpu';
  return withoutCuda(device, { reason: 'an int8 package runs only on CPUs', remedy }, 'settings-invalid');
}

function planGpus(
  settings: PlanSettings,
  memory: Manifest['memory'],
  { gpus, unfit }: Extract<DeviceChoice, { kind: 'gpus' }>,
): EnginePlan {
  const { DEVICE: device, ENGINES: wanted, MAX_BATCH: maxBatch } = settings;
  const visible = gpus.length + unfit.length;
  checkCount(wanted, visible, `${visible} visible`);
  const obstacles = [...unfit, ...gpus.flatMap((gpu) => gpuMemoryShortage(gpu, memory, maxBatch) ?? [])];
  const fitting = gpus.filter((gpu) => gpuMemoryShortage(gpu, memory, maxBatch) === undefined);
  const enough = device === 'auto' ? 1 : wanted || visible;
  const [obstacle] = obstacles;
  if (obstacle !== undefined && fitting.length < enough) {
    return planCpu(settings, memory, withoutCuda(device, obstacle));
  }
  const taken = wanted === 0 ? fitting : fitting.slice(0, wanted);
  const names = taken.map(({ index, name }) => `GPU ${index} (${name})`);
  return {
    device: 'cuda',
    fallsBack: device === 'auto',
    engines: taken.map((gpu) => ({ gpu })),
    threads: settings.ENGINE_THREADS || availableParallelism(),
    reason: `DEVICE is ${device}, and there is memory for the model on ${names.join(' and ')}`,
    warnings: obstacles.map(({ reason, remedy }) => `${reason}; ${remedy}`),
  };
}

/** CUDA may work where nvidia-smi does not, as in a container without the driver's utilities: one engine tries. */
function planUnlisted(settings: PlanSettings, problem: string): EnginePlan {
  checkCount(settings.ENGINES, 1, 'none can be counted without nvidia-smi');
  return {
    device: 'cuda',
    fallsBack: settings.DEVICE === 'auto',
    engines: [{}],
    threads: settings.ENGINE_THREADS || availableParallelism(),
    reason: `DEVICE is ${settings.DEVICE}, and the engine tries CUDA`,
    warnings: [`GPUs are neither counted nor is their memory checked: ${problem}`],
  };
}

function checkCount(wanted: number, most: number, there: string): void {
  if (wanted <= most) return;
  throw new UserError(
    'machine-unsuitable',
    `ENGINES is ${wanted}, which is more than the GPUs there are (${there}); set it to ${most}, or to 0 for one engine each.`,
  );
}

function planCpu(settings: PlanSettings, memory: Manifest['memory'], reason: string): EnginePlan {
  const count = settings.ENGINES || 1;
  const warning = cpuMemoryWarning(memory, settings.MAX_BATCH, {
    engines: count,
    cacheBytes: featureCacheBytes(settings),
  });
  return {
    device: 'cpu',
    fallsBack: false,
    engines: Array.from({ length: count }, () => ({})),
    threads: settings.ENGINE_THREADS || Math.max(1, Math.floor(availableParallelism() / count)),
    reason,
    ...(settings.DEVICE === 'auto' ? { fallback: reason } : {}),
    warnings: warning === undefined ? [] : [warning],
  };
}
