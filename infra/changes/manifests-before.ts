import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

const SUFFIX = '.k8s.yaml';

/** The manifests that a folder had before they are written anew. */
export interface ManifestsBefore {
  /**
   * Its files, or if cdk8s has emptied it already or one of them is no manifest, those of the last commit; none if there
   * is neither.
   */
  readonly held: readonly string[];
  /** Those of the last commit, if these are others: nobody knows which of the two the cluster has. */
  readonly committed: readonly string[] | undefined;
  /** A file that is no manifest, as one with the marks of a merge conflict, if there is any. */
  readonly damaged?: string;
}

/** Reads what a folder of manifests holds, and what it held at the last commit. */
export function manifestsBefore(folder: string): ManifestsBefore {
  const committed = manifestsOfLastCommit(folder).filter(isManifest);
  if (!existsSync(folder)) return { held: committed, committed: undefined };
  const files = manifestsIn(folder);
  const held = files.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const damaged = files.find((_, index) => !isManifest(held[index] ?? ''));
  if (damaged !== undefined) return { held: committed, committed: undefined, damaged };
  const isCommitted = committed.length === 0 || committed.join('\0') === held.join('\0');
  return { held, committed: isCommitted ? undefined : committed };
}

/** Whether a text is YAML of objects that have a kind and a name. */
function isManifest(yaml: string): boolean {
  return parseAllDocuments(yaml).every((document) => {
    if (document.errors.length > 0) return false;
    const object = document.toJS() as { kind?: unknown; metadata?: { name?: unknown } | null } | null;
    return object === null || (typeof object.kind === 'string' && typeof object.metadata?.name === 'string');
  });
}

/** The names of the manifests in a folder. */
export function manifestsIn(folder: string): string[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
  return files.sort();
}

/** Of the repository that the folder is in, which may be another than that of this program. */
function manifestsOfLastCommit(folder: string): string[] {
  const cwd = existing(path.resolve(folder));
  // Names as they are: git would otherwise quote those with letters such as ö.
  const files = git(cwd, ['ls-tree', '-z', '--name-only', 'HEAD', `./${path.relative(cwd, folder)}/`]) ?? '';
  return files
    .split('\0')
    .filter((file) => file.endsWith(SUFFIX))
    .flatMap((file) => git(cwd, ['show', `HEAD:./${file}`]) ?? []);
}

/** A folder, or the nearest above it that exists. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(path.dirname(folder));
}

/** Output of git; undefined without a repository or without git. */
function git(cwd: string, args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      cwd,
      encoding: 'utf8',
      maxBuffer: Infinity,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return undefined;
  }
}
