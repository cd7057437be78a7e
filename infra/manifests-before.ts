import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SUFFIX = '.k8s.yaml';

/**
 * The manifests that a folder held before they are written anew: its files, or if cdk8s has emptied it already, those
 * of the last commit; none if there is neither.
 */
export function manifestsBefore(folder: string): string[] {
  if (existsSync(folder)) {
    const files = readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
    return files.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  }
  const files = git(['ls-tree', '--name-only', 'HEAD', `${folder}/`]) ?? '';
  return files
    .split('\n')
    .filter((file) => file.endsWith(SUFFIX))
    .flatMap((file) => git(['show', `HEAD:./${file}`]) ?? []);
}

/** Output of git; undefined without a repository or without git. */
function git(args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
