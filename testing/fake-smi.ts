import { chmod, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';
import { tempFolder } from './temp-folder.ts';

/** A GPU as the stand-in for `nvidia-smi` tells of it. Memory in MiB. */
export interface FakeGpu {
  readonly index: number;
  readonly uuid: string;
  /** @default NVIDIA T4 */
  readonly name?: string;
  /** @default 15360 */
  readonly total?: number | string;
  /** @default 15000 */
  readonly free?: number | string;
  /** Compute capability. @default 7.5 */
  readonly capability?: string;
  /** @default 580.95.05 */
  readonly driver?: string;
  /** MIG profiles by UUID; a GPU that has some is in MIG mode. */
  readonly slices?: Readonly<Record<string, string>>;
  /** Lines that it reports one after the other, the last one for ever; an empty list is silence. @default a healthy reading */
  readonly readings?: readonly string[];
}

/** A stand-in for `nvidia-smi` on the PATH, until it is removed. */
export interface FakeSmi {
  /** What it tells from now on. */
  tell(gpus: readonly FakeGpu[]): Promise<void>;
  /** Makes it fail as `nvidia-smi` does without a driver. */
  fail(message: string): Promise<void>;
  remove(): void;
}

/** Puts the stand-in first on the PATH. Its answers have the form that `nvidia-smi` 580 documents. */
export async function fakeSmi(gpus: readonly FakeGpu[]): Promise<FakeSmi> {
  const folder = tempFolder();
  const state = join(folder, 'state.json');
  // Whole or not at all: the stand-in reads it while it is told something new.
  const write = async (value: object): Promise<void> => {
    await writeFile(`${state}.new`, JSON.stringify(value));
    await rename(`${state}.new`, state);
  };
  await write({ gpus });
  const program = join(folder, 'nvidia-smi');
  await writeFile(program, `#!${process.execPath}\n(${String(pretend)})(${JSON.stringify(state)});\n`);
  await chmod(program, 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  return {
    tell: (now) => write({ gpus: now }),
    fail: (failure) => write({ failure }),
    remove: () => {
      vi.unstubAllEnvs();
    },
  };
}

/** The stand-in itself, a program of its own: it can use nothing of this file. */
function pretend(stateFile: string): void {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const read = (): { gpus?: FakeGpu[]; failure?: string } =>
    JSON.parse(readFileSync(stateFile, 'utf8')) as { gpus?: FakeGpu[]; failure?: string };
  const print = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const { gpus = [], failure } = read();
  const args = process.argv.slice(2);
  const option = (name: string): string | undefined =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  if (failure !== undefined) {
    print(failure);
    process.exit(9);
  }
  if (gpus.length === 0) {
    print('No devices were found');
    process.exit(6);
  }
  if (args.includes('-L')) {
    for (const { index, name = 'NVIDIA T4', uuid, slices = {} } of gpus) {
      print(`GPU ${index}: ${name} (UUID: ${uuid})`);
      for (const [place, [slice, profile]] of Object.entries(slices).entries()) {
        print(`  MIG ${profile.padEnd(11)} Device  ${place}: (UUID: ${slice})`);
      }
    }
    return;
  }
  const loop = option('loop-ms');
  if (loop === undefined) {
    for (const gpu of gpus) {
      const { index, uuid, name = 'NVIDIA T4', total = 15360, free = 15000 } = gpu;
      const { capability = '7.5', driver = '580.95.05', slices } = gpu;
      const mig = slices === undefined ? 'Disabled' : 'Enabled';
      print([index, uuid, name, total, free, capability, driver, mig].join(', '));
    }
    return;
  }
  const id = option('id');
  const last = new Map<string, number>();
  setInterval(() => {
    for (const { index, uuid, readings } of read().gpus ?? []) {
      if (id !== undefined && id !== uuid && id !== String(index)) continue;
      const lines = readings ?? [`${index}, 900, 37`];
      const place = last.get(uuid) ?? 0;
      last.set(uuid, place + 1);
      const line = lines[Math.min(place, lines.length - 1)];
      if (line !== undefined) print(line);
    }
  }, Number(loop));
}
