import type { ChangeSteps, SynthesisSteps } from './change-steps.ts';

/** The steps of a synthesis as text for people; empty if there are none. */
export function describeSynthesis({ sinceCommit, damaged, ...steps }: SynthesisSteps): string {
  if (damaged !== undefined) {
    return `${damaged} was no manifest, as after a merge with conflicts; what follows is compared with the last commit alone.\n${describeSteps(steps)}`;
  }
  if (sinceCommit === undefined) return describeSteps(steps);
  // A second synth before the first kubectl apply would otherwise hide what the first has printed.
  const needed = describeSteps(sinceCommit) || 'Only kubectl apply is needed.\n';
  return `${describeSteps(steps)}The folder held changes that are not committed. If you have not applied them, this is what counts, from the last commit on:\n${needed}`;
}

/** The steps as text for people; empty if there are none. */
export function describeSteps({ before, after, fewestPods = [], growing = [] }: ChangeSteps): string {
  return [
    ...fewestPods.map(
      (resource) =>
        `${resource} has only autoscaling.minReplicas at first, however many pods the old one has; if the load needs more, raise it until the change is over.\n`,
    ),
    ...growing.map(
      (resource) =>
        `${resource} grows, which the cluster refuses unless it is bound and its storage class has allowVolumeExpansion; see "Where the model comes from" in docs/deploy.md.\n`,
    ),
    section(
      before,
      'kubectl apply alone would remove pods, leave two autoscalers at work or be refused. Before it, run (with Argo CD, Flux or --server-side, see docs/changes.md):',
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
