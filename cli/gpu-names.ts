import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A driver that hangs must not hang the program, in milliseconds. */
const TIMEOUT_MS = 15_000;

/** The names of the NVIDIA GPUs that `nvidia-smi` finds; none where it is missing or fails. */
export async function gpuNames(): Promise<string[]> {
  const args = ['--query-gpu=name', '--format=csv,noheader'];
  const found = await promisify(execFile)('nvidia-smi', args, { timeout: TIMEOUT_MS }).catch(() => undefined);
  return (found?.stdout ?? '')
    .split('\n')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
