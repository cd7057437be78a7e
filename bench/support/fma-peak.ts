import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCE = fileURLToPath(new URL('fma-peak.c', import.meta.url));
const run = promisify(execFile);

/**
 * The processor's peak in float32 multiply-adds per second, on all threads. Neither Node.js nor WebAssembly has its
 * widest instructions, so it is measured by a small C program.
 *
 * @returns undefined if there is no C compiler named `cc`
 */
export async function fmaPeak(): Promise<number | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-fma-'));
  try {
    const program = join(folder, 'fma-peak');
    await run('cc', ['-O3', '-march=native', '-ffp-contract=fast', '-pthread', '-o', program, SOURCE]);
    const { stdout } = await run(program, [String(availableParallelism())]);
    return Number(stdout);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
