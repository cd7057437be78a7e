import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFolder } from '../model/make-folder.ts';
import { deploymentApp } from './app.ts';
import { changeSteps, type SynthesisSteps } from './changes/change-steps.ts';
import { MANIFESTS, type Environment } from './environment.ts';
import { manifestsBefore, manifestsIn } from './changes/manifests-before.ts';

/** What {@link synthesize} has written, and what the change needs beside `kubectl apply`. */
interface Synthesis extends SynthesisSteps {
  /** Paths of the manifests. */
  readonly files: readonly string[];
}

/**
 * Checks a configuration and writes its manifests. The manifests that the folder held before are removed, and nothing
 * else. Beside a folder `dist`, it writes a kustomization of its files: in the folder itself, `kubectl apply -f` would
 * take it for a manifest.
 *
 * @throws {ConfigError} if the configuration has mistakes; the folder is then as it was
 */
export function synthesize({ config, customize }: Environment, folder: string): Synthesis {
  const before = manifestsBefore(folder);
  const app = deploymentApp(config, { customize, outdir: folder });
  makeFolder(folder);
  for (const file of manifestsIn(folder)) rmSync(path.join(folder, file));
  app.synth();
  const files = manifestsIn(folder);
  if (path.basename(folder) === MANIFESTS) writeKustomization(path.dirname(folder), files);
  const after = files.map((file) => readFileSync(path.join(folder, file), 'utf8'));
  const steps = changeSteps(before.held, after, folder);
  const sinceCommit = before.committed && changeSteps(before.committed, after, folder);
  return {
    files: files.map((file) => path.join(folder, file)),
    ...steps,
    damaged: before.damaged && path.join(folder, before.damaged),
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
