import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { deploymentApp } from './app.ts';
import { changeSteps, type ChangeSteps } from './change-steps.ts';
import type { DeploymentConfig } from './config.ts';
import { manifestsBefore } from './manifests-before.ts';

/**
 * Checks a configuration and writes its manifests. What the folder held before is removed.
 *
 * @returns what the change needs beside `kubectl apply`
 * @throws {ConfigError} if the configuration has mistakes; the folder is then as it was
 */
export function synthesize(config: DeploymentConfig, folder: string): ChangeSteps {
  const before = manifestsBefore(folder);
  const app = deploymentApp(config, { outdir: folder });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  app.synth();
  const files = readdirSync(folder).sort();
  const after = files.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  return changeSteps(before, after);
}

/** The steps as text for people; empty if there are none. */
export function describeSteps({ before, after }: ChangeSteps): string {
  return [
    section(
      before,
      'kubectl apply alone would remove pods or leave two autoscalers at work. Before it, run (with Argo CD, Flux or --server-side, see docs/deploy.md, "Changing a running deployment"):',
    ),
    section(
      after,
      'kubectl apply leaves objects in the cluster that are no longer part of the deployment. After it, run:',
    ),
  ].join('');
}

function section(commands: readonly string[], heading: string): string {
  return commands.length === 0 ? '' : [heading, ...commands.map((command) => `  ${command}`), ''].join('\n');
}
