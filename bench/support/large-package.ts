import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCheckpoint } from '../../model/compile/compile.ts';
import { writeLargeCheckpoint } from './large-checkpoint.ts';

/**
 * Runs `work` with a package of OFA-large's shape, which has random weights and needs 5 GB of temporary disk space.
 *
 * @param given folder of a package to use instead
 */
export async function withLargePackage<Result>(
  given: string | undefined,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  if (given !== undefined) return work(given);
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-large-'));
  try {
    console.error('compiling a random model of the shape of OFA-large');
    const checkpoint = join(folder, 'checkpoint');
    await writeLargeCheckpoint(checkpoint);
    const target = join(folder, 'package');
    await compileCheckpoint(checkpoint, target);
    await rm(checkpoint, { recursive: true });
    return await work(target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
