import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

const SUFFIX = '.k8s.yaml';

/** Names an object of the cluster, as `kubectl` takes it. */
interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

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

/**
 * The objects that are in `before` and not in `after`. `kubectl apply` leaves them in the cluster.
 *
 * @returns a command for each that removes it
 */
export function removalCommands(before: readonly string[], after: readonly string[]): string[] {
  const kept = new Set(after.flatMap(objectsIn).map(commandFor));
  return before
    .flatMap(objectsIn)
    .map(commandFor)
    .filter((command) => !kept.has(command));
}

function objectsIn(yaml: string): ObjectName[] {
  return parseAllDocuments(yaml).flatMap((document) => (document.toJS() as ObjectName | null) ?? []);
}

function commandFor({ apiVersion, kind, metadata: { name, namespace } }: ObjectName): string {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : [undefined];
  const resource = kind.toLowerCase() + (group === undefined ? '' : `.${group}`);
  return `kubectl delete ${namespace === undefined ? '' : `-n ${namespace} `}${resource} ${name}`;
}
