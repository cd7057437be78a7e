import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Environment } from '../../settings/setting.ts';

/** A device that CUDA can be given: a GPU, or a slice of one (MIG). */
export interface Gpu {
  /** The GPU's number as `nvidia-smi` counts; slices share their GPU's. */
  readonly index: string;
  /** What CUDA_VISIBLE_DEVICES takes: `GPU-...`, or `MIG-...` for a slice. */
  readonly uuid: string;
  /** UUID of the whole GPU, which is what `nvidia-smi` reports on. */
  readonly gpuUuid: string;
  /** As in `NVIDIA A100-SXM4-40GB`; of a slice, with its profile. */
  readonly name: string;
  /** Bytes; undefined where the driver does not tell. */
  readonly totalBytes: number | undefined;
  /** Bytes that nobody uses; undefined where the driver does not tell, as for slices. */
  readonly freeBytes: number | undefined;
  /** As in `8.0`. */
  readonly computeCapability: string;
  readonly driver: string;
}

/** Why a GPU cannot be taken. Clauses of a sentence: what is wrong, and what would be right. */
export interface Obstacle {
  readonly reason: string;
  readonly remedy: string;
}

/** The GPUs, or why they cannot be listed. */
export type GpuList = { readonly gpus: readonly Gpu[] } | { readonly problem: string };

const QUERY = 'index,uuid,name,memory.total,memory.free,compute_cap,driver_version,mig.mode.current';
/** A driver without persistence mode wakes one GPU after the other; one that hangs must not hang the start. */
const TIMEOUT_MS = 30_000;
/** What `nvidia-smi` exits with where there is nothing to report on: its manual's return code 6. */
const NOTHING_FOUND = 6;
const MIB = 1024 * 1024;
/** The gigabytes in the name of a MIG profile are decimal, and rounded up by a few per cent of the slice. */
const SLICE_GIGABYTE = 0.95e9;

/** Asks `nvidia-smi` for the GPUs of this machine, or of this container. Slices stand in their GPU's place. */
export async function listGpus(): Promise<GpuList> {
  try {
    const rows = (await smi([`--query-gpu=${QUERY}`, '--format=csv,noheader,nounits'])).map(parseGpu);
    const whole = rows.flatMap((row) => row ?? []);
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
    // A driver without a GPU is no failure, though it is told as one.
    if ((error as { code?: unknown }).code === NOTHING_FOUND) return { stdout: '' };
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
  // It tells its errors on stdout.
  const said = (stdout ?? '').trim() || message;
  return said.split('\n', 1)[0]?.slice(0, 200) ?? '';
}

/** Reads a row of {@link QUERY}; undefined where the line is none, such as `No devices were found`. */
function parseGpu(line: string): { gpu: Gpu; sliced: boolean } | undefined {
  const [index = '', uuid = '', name = '', total = '', free = '', capability = '', driver = '', mig = ''] =
    line.split(',').map((field) => field.trim());
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

/** The slices of a GPU in what `nvidia-smi -L` lists: its line, and below it one for each slice. */
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
 * Those of the GPUs that this process may use.
 *
 * CUDA_VISIBLE_DEVICES counts as it does for CUDA: numbers or the beginnings of UUIDs, up to the first that names no
 * GPU; set and empty, none. Its numbers are taken as `nvidia-smi`'s, that is, CUDA_DEVICE_ORDER=PCI_BUS_ID. A GPU that is
 * sliced stands for all its slices. NVIDIA_VISIBLE_DEVICES was applied when the container was made, except in a
 * privileged one, which sees every GPU: where it lists UUIDs, they are kept to.
 */
export function visibleGpus(gpus: readonly Gpu[], environment: Environment): Gpu[] {
  const injected = tokens(environment['NVIDIA_VISIBLE_DEVICES']).filter((token) => isUuid(token));
  const present = injected.length === 0 ? gpus : gpus.filter((gpu) => injected.some((id) => names(id, gpu)));
  const wanted = environment['CUDA_VISIBLE_DEVICES'];
  if (wanted === undefined) return [...present];
  const visible = new Set<Gpu>();
  for (const token of tokens(wanted)) {
    const named = present.filter((gpu) => names(token, gpu));
    if (named.length === 0) break;
    for (const gpu of named) visible.add(gpu);
  }
  return [...visible];
}

function tokens(list: string | undefined): string[] {
  return (list ?? '')
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

function isUuid(token: string): boolean {
  return token.startsWith('GPU-') || token.startsWith('MIG-');
}

function names(token: string, { index, uuid, gpuUuid }: Gpu): boolean {
  if (!isUuid(token)) return token === index;
  return uuid.startsWith(token) || gpuUuid.startsWith(token);
}
