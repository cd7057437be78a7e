import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SUFFIX = '.k8s.yaml';

/** The manifests that a folder had before they are written anew. */
export interface ManifestsBefore {
  /** Its files, or if cdk8s has emptied it already, those of the last commit; none if there is neither. */
  readonly held: readonly string[];
  /** Those of the last commit, if these are others: nobody knows which of the two the cluster has. */
  readonly committed: readonly string[] | undefined;
}

/** Reads what a folder of manifests holds, and what it held at the last commit. */
export function manifestsBefore(folder: string): ManifestsBefore {
  const committed = manifestsOfLastCommit(folder);
  if (!existsSync(folder)) return { held: committed, committed: undefined };
  const files = readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
  const held = files.sort().map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const isCommitted = committed.length === 0 || committed.join('\0') === held.join('\0');
  return { held, committed: isCommitted ? undefined : committed };
}

function manifestsOfLastCommit(folder: string): string[] {
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
