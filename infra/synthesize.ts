import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { deploymentApp } from './app.ts';
import type { DeploymentConfig } from './config.ts';
import { manifestsBefore, removalCommands } from './leftovers.ts';

/** What {@link synthesize} has written. */
interface Synthesis {
  /** Paths of the files. */
  readonly files: readonly string[];
  /** A command for each object that is no longer part of the deployment, and that `kubectl apply` leaves behind. */
  readonly removals: readonly string[];
}

/**
 * Checks a configuration and writes its manifests. What the folder held before is removed.
 *
 * @throws {ConfigError} if the configuration has mistakes; the folder is then as it was
 */
export function synthesize(config: DeploymentConfig, folder: string): Synthesis {
  const before = manifestsBefore(folder);
  const app = deploymentApp(config, { outdir: folder });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  app.synth();
  const files = readdirSync(folder)
    .sort()
    .map((file) => path.join(folder, file));
  const after = files.map((file) => readFileSync(file, 'utf8'));
  return { files, removals: removalCommands(before, after) };
}

/** A warning about what stays in the cluster; empty if nothing does. */
export function warningOf({ removals }: Pick<Synthesis, 'removals'>): string {
  if (removals.length === 0) return '';
  const [objects, them] = removals.length === 1 ? ['1 object is', 'it'] : [`${removals.length} objects are`, 'them'];
  return [
    `${objects} no longer part of the deployment. kubectl apply leaves ${them} in the cluster; after it, run:`,
    ...removals.map((command) => `  ${command}`),
    '',
  ].join('\n');
}
