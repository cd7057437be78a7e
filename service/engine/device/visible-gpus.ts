import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { MIB } from '../../../model/bytes.ts';
import { listOf } from '../../settings/check.ts';
import type { Environment } from '../../settings/setting.ts';

/** A CUDA device: a GPU, or a MIG slice of one. */
export interface Gpu {
  /** The GPU's index in `nvidia-smi`; its slices have the same. */
  readonly index: string;
  /** The device's UUID as in CUDA_VISIBLE_DEVICES: `GPU-...`, or `MIG-...` for a slice. */
  readonly uuid: string;
  /** UUID of the whole GPU, which is what `nvidia-smi` reports on. */
  readonly gpuUuid: string;
  /** For example `NVIDIA A100-SXM4-40GB`; a slice's name includes its profile. */
  readonly name: string;
  /** Undefined if the driver does not report it. */
  readonly totalBytes: number | undefined;
  /** Unused memory; undefined if the driver does not report it, as for slices. */
  readonly freeBytes: number | undefined;
  /** For example `8.0`. */
  readonly computeCapability: string;
  readonly driver: string;
}

/** Why a GPU cannot be used: what is wrong, and what to do about it. Both are clauses of a sentence. */
export interface Obstacle {
  readonly reason: string;
  readonly remedy: string;
}

/** The GPUs, or why they cannot be listed. */
export type GpuList = { readonly gpus: readonly Gpu[] } | { readonly problem: string };

const QUERY = 'index,uuid,name,memory.total,memory.free,compute_cap,driver_version,mig.mode.current';
/** Enough for a driver without persistence mode to initialise all GPUs; a driver that hangs must not hang the start. */
const TIMEOUT_MS = 30_000;
/** Exit code of `nvidia-smi` when there is no GPU, according to its manual. */
const NO_DEVICE = 6;
/** The gigabytes in the name of a MIG profile are decimal, and a few per cent more than the slice has. */
const SLICE_GIGABYTE = 0.95e9;

/** Lists the GPUs of this machine or container with `nvidia-smi`. A GPU in MIG mode is replaced by its slices. */
export async function listGpus(): Promise<GpuList> {
  try {
    const rows = await smi([`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits']);
    const whole = rows.flatMap((row) => parseGpu(row) ?? []);
    if (!whole.some(({ sliced }) => sliced)) return { gpus: whole.map(({ gpu }) => gpu) };
    const listed = await smi(['-L']);
    return { gpus: whole.flatMap(({ gpu, sliced }) => (sliced ? slicesOf(gpu, listed) : [gpu])) };
  } catch (error) {
    return { problem: `nvidia-smi cannot be used (${reasonOf(error)})` };
  }
}

async function smi(args: readonly string[]): Promise<string[]> {
  const options = { timeout: TIMEOUT_MS, killSignal: 'SIGKILL' } as const;
  const run = promisify(execFile)('nvidia-smi', args, options);
  const { stdout } = await run.catch((error: unknown) => {
    if ((error as { code?: unknown }).code === NO_DEVICE) return { stdout: '' };
    throw error;
  });
  return stdout.split('\n').filter((line) => line.trim() !== '');
}

function reasonOf(error: unknown): string {
  const { code, killed, stdout, message } = error as Error & {
    code?: unknown;
    killed?: boolean;
    stdout?: string;
  };
  if (code === 'ENOENT') return 'it is not installed';
  if (killed === true) return `no answer within ${TIMEOUT_MS / 1000} s`;
  // nvidia-smi prints its errors to stdout.
  const output = (stdout ?? '').trim() || message;
  return output.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** Parses a row of {@link QUERY}; undefined for other lines, such as `No devices were found`. */
function parseGpu(line: string): { gpu: Gpu; sliced: boolean } | undefined {
  const [index = '', uuid = '', name = '', total = '', free = '', capability = '', driver = '', mig = ''] = line
    .split(',')
    .map((field) => field.trim());
  if (!/^\d+$/.test(index) || !uuid.startsWith('GPU-')) return undefined;
  const gpu = {
    index,
    uuid,
    gpuUuid: uuid,
    name,
    totalBytes: mebibytes(total),
    freeBytes: mebibytes(free),
    computeCapability: capability,
    driver,
  };
  return { gpu, sliced: mig === 'Enabled' };
}

function mebibytes(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) * MIB : undefined;
}

/** The slices of a GPU in the output of `nvidia-smi -L`: the GPU's line is followed by a line for each slice. */
function slicesOf(gpu: Gpu, lines: readonly string[]): Gpu[] {
  const own = lines.findIndex((line) => line.startsWith('GPU ') && line.includes(`(UUID: ${gpu.uuid})`));
  if (own < 0) return [];
  const slices: Gpu[] = [];
  for (const line of lines.slice(own + 1)) {
    const [, profile, uuid] = /^\s+MIG\s+(\S+)\s+Device\s+\d+:\s+\(UUID: (MIG-[^)]+)\)/.exec(line) ?? [];
    if (profile === undefined || uuid === undefined) break;
    const gigabytes = /\.(\d+)gb/.exec(profile)?.[1];
    slices.push({
      ...gpu,
      uuid,
      name: `${gpu.name} MIG ${profile}`,
      totalBytes: gigabytes === undefined ? undefined : Number(gigabytes) * SLICE_GIGABYTE,
      freeBytes: undefined,
    });
  }
  return slices;
}

/**
 * The GPUs that this process may use.
 *
 * CUDA_VISIBLE_DEVICES is interpreted as CUDA does: indices or prefixes of UUIDs, up to the first that matches no GPU;
 * set but empty, it hides all. Indices are those of `nvidia-smi`, which is CUDA_DEVICE_ORDER=PCI_BUS_ID. The index of a
 * GPU in MIG mode selects all its slices. The container runtime has already applied NVIDIA_VISIBLE_DEVICES, except in
 * privileged containers, which see every GPU: for their sake the UUIDs it lists are applied here.
 */
export function visibleGpus(gpus: readonly Gpu[], environment: Environment): Gpu[] {
  const injected = listOf(environment['NVIDIA_VISIBLE_DEVICES'] ?? '').filter(isUuid);
  const present = injected.length === 0 ? gpus : gpus.filter((gpu) => injected.some((id) => matches(id, gpu)));
  const list = environment['CUDA_VISIBLE_DEVICES'];
  if (list === undefined) return [...present];
  const visible = new Set<Gpu>();
  for (const id of listOf(list)) {
    const matching = present.filter((gpu) => matches(id, gpu));
    if (matching.length === 0) break;
    for (const gpu of matching) visible.add(gpu);
  }
  return [...visible];
}

function isUuid(id: string): boolean {
  return id.startsWith('GPU-') || id.startsWith('MIG-');
}

function matches(id: string, { index, uuid, gpuUuid }: Gpu): boolean {
  return isUuid(id) ? uuid.startsWith(id) || gpuUuid.startsWith(id) : id === index;
}
