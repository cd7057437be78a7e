import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../testing/root.ts';

const run = promisify(execFile);

/** The commit whose build the targets refer to. */
export const EARLIER = 'bf2404b';

/**
 * Runs `work` with the sources of {@link EARLIER}, checked out into a temporary folder. They use the modules that are
 * installed here.
 *
 * @throws Error if the repository's history does not have the commit
 */
export async function withEarlierBuild<Result>(work: (root: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-earlier-'));
  const root = join(folder, 'checkout');
  try {
    await run('git', ['-C', ROOT, 'worktree', 'add', '--detach', root, EARLIER]);
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return await work(root);
  } finally {
    await run('git', ['-C', ROOT, 'worktree', 'remove', '--force', root]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}
