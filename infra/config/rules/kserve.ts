import type { Rule, RuleInput } from './rule.ts';

/** Variables that KServe refuses in containers. */
const REFUSED_VARIABLES = ['PYTHONPATH'];

/** Everything in a configuration that becomes text of the server's container. */
function containerTexts({ workload: { canary, image, pod, server } }: RuleInput): string {
  return JSON.stringify([image.reference, canary.image.reference, pod.env, server]);
}

/** Rules on workloads that KServe runs, from its version 0.20. */
export const kserveRules = {
  kserveRunsThisService({ workload: { kserve, server } }) {
    return kserve.enabled && server.kind === 'other'
      ? 'kserve.enabled is true, but server.kind is other, and the ServingRuntime offers the Open Inference Protocol (v2) of ofa-ve; write a ServingRuntime of your own for that server.'
      : undefined;
  },

  kserveRoutesNoCanary({ workload: { canary, exposure, kserve } }) {
    return kserve.enabled && canary.enabled && exposure.route === 'none' && canary.weightPercent > 0
      ? `canary.weightPercent is ${canary.weightPercent}, but exposure.route is none, and KServe's own route (0.20) sends a canary nothing; use ingress, gateway or istio, or the weight 0.`
      : undefined;
  },

  /** KServe lays the canary's fields over the stable version's, and an empty list leaves the other as it is. */
  kserveCanaryStartsAlike({ workload: { canary, kserve, model } }) {
    const own = canary.model?.source.kind ?? model.source.kind;
    return kserve.enabled && canary.enabled && model.source.kind === 'claim' && own !== 'claim'
      ? `canary.model.source.kind is ${own}, but model.source.kind is claim, and KServe gives a canary the init containers of the stable version, too; use claim for both.`
      : undefined;
  },

  kserveExpandsTexts(input) {
    return input.workload.kserve.enabled && containerTexts(input).includes('{{')
      ? 'kserve.enabled is true, but a text of the container has {{, which KServe takes for a template; write it otherwise, or keep it in a Secret or ConfigMap.'
      : undefined;
  },

  kserveAcceptsVariables({ workload: { kserve, pod } }) {
    if (!kserve.enabled) return [];
    const lists = { 'pod.env': [pod], 'pod.sidecars': pod.sidecars, 'pod.initContainers': pod.initContainers };
    return Object.entries(lists).flatMap(([path, holders]) =>
      REFUSED_VARIABLES.filter((name) => holders.some(({ env = {} }) => name in env)).map(
        (name) => `${path} has ${name}, which KServe refuses; leave it out.`,
      ),
    );
  },
} satisfies Record<string, Rule>;
