import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { deploymentApp } from './app.ts';
import { changeSteps, type ChangeSteps } from './change-steps.ts';
import { MANIFESTS, type Environment } from './environment.ts';
import { manifestsBefore } from './manifests-before.ts';

/** What {@link synthesize} has written, and what the change needs beside `kubectl apply`. */
interface Synthesis extends ChangeSteps {
  /** Paths of the manifests. */
  readonly files: readonly string[];
  /** What the change since the last commit needs, if it is not the same. */
  readonly sinceCommit: ChangeSteps | undefined;
}

/**
 * Checks a configuration and writes its manifests. What the folder held before is removed. Beside a folder `dist`, it
 * writes a kustomization of its files: in the folder itself, `kubectl apply -f` would take it for a manifest.
 *
 * @throws {ConfigError} if the configuration has mistakes; the folder is then as it was
 */
export function synthesize({ config, customize }: Environment, folder: string): Synthesis {
  const before = manifestsBefore(folder);
  const app = deploymentApp(config, { customize, outdir: folder });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  app.synth();
  const files = readdirSync(folder).sort();
  if (path.basename(folder) === MANIFESTS) writeKustomization(path.dirname(folder), files);
  const after = files.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const steps = changeSteps(before.held, after, folder);
  const sinceCommit = before.committed && changeSteps(before.committed, after, folder);
  return {
    files: files.map((file) => path.join(folder, file)),
    ...steps,
    sinceCommit: isDeepStrictEqual(sinceCommit, steps) ? undefined : sinceCommit,
  };
}

function writeKustomization(folder: string, files: readonly string[]): void {
  const lines = [
    '# Written by synth. To change objects, name this folder in the resources of a kustomization of your own.',
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    'resources:',
    ...files.map((file) => `  - ${MANIFESTS}/${file}`),
  ];
  writeFileSync(path.join(folder, 'kustomization.yaml'), `${lines.join('\n')}\n`);
}

/** The steps of a synthesis as text for people; empty if there are none. */
export function describeSynthesis({
  sinceCommit,
  ...steps
}: Pick<Synthesis, keyof ChangeSteps | 'sinceCommit'>): string {
  if (sinceCommit === undefined) return describeSteps(steps);
  // A second synth before the first kubectl apply would otherwise hide what the first has printed.
  const needed = describeSteps(sinceCommit) || 'Only kubectl apply is needed.\n';
  return `${describeSteps(steps)}The folder held changes that are not committed. If you have not applied them, this is what counts, from the last commit on:\n${needed}`;
}

/** The steps as text for people; empty if there are none. */
export function describeSteps({ before, after, fewestPods = [] }: ChangeSteps): string {
  return [
    ...fewestPods.map(
      (resource) =>
        `${resource} has only autoscaling.minReplicas at first, however many pods the old one has; if the load needs more, raise it until the change is over.\n`,
    ),
    section(
      before,
      'kubectl apply alone would remove pods, leave two autoscalers at work or be refused. Before it, run (with Argo CD, Flux or --server-side, see docs/deploy.md, "Changing a running deployment"):',
    ),
    section(
      after,
      `kubectl apply leaves objects in the cluster that are no longer part of the deployment. ${
        after.some((command) => command.startsWith('kubectl apply'))
          ? 'Under ingress-nginx it ends with an error, as an old Ingress still has the address of a new one, which the second apply makes. '
          : ''
      }After it, run:`,
    ),
  ].join('');
}

function section(commands: readonly string[], heading: string): string {
  return commands.length === 0 ? '' : [heading, ...commands.map((command) => `  ${command}`), ''].join('\n');
}
