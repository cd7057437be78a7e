import fc from 'fast-check';
import type { DeploymentConfig, WorkloadConfig } from '../../infra/config.ts';
import { KUBERNETES_VERSIONS } from '../../infra/config/fields.ts';
import { mistakesOf } from './mistakes.ts';
import { scenarios } from './scenarios.ts';

const TRIED = 80;
const SEED = 1;

const workloads = Object.values<DeploymentConfig>(scenarios).flatMap((config) => config.workloads);
const FIELDS = ['server', 'model', 'gpu', 'scheduling', 'pod', 'exposure', 'kserve', 'autoscaling', 'canary'] as const;
const MORE_FIELDS = ['disruption', 'networkPolicy', 'observability', 'backfills', 'rollout', 'image'] as const;

/** The fields of one scenario's workload, some of them replaced by those of others. */
const workload = fc
  .tuple(
    fc.constantFrom(...workloads),
    fc.array(fc.tuple(fc.constantFrom(...FIELDS, ...MORE_FIELDS), fc.constantFrom(...workloads)), { maxLength: 6 }),
  )
  .map(([base, changes]): WorkloadConfig => {
    const { replicas = 2, ...mixed } = changes.reduce(
      (whole, [field, other]) => ({ ...whole, [field]: other[field] }),
      base,
    );
    return mixed.autoscaling.by === 'none' ? { ...mixed, replicas } : mixed;
  });

const config = fc
  .tuple(fc.constantFrom(...KUBERNETES_VERSIONS), fc.array(workload, { minLength: 1, maxLength: 2 }))
  .map(([kubernetesVersion, mixed]): DeploymentConfig => {
    const named = mixed.map((each, index) => ({
      ...each,
      name: `model-${index}`,
      exposure: { ...each.exposure, host: `model-${index}.example.com` },
    }));
    return { ...scenarios.default, kubernetesVersion, workloads: named };
  });

/**
 * Deployments that combine fields of the scenarios as nobody has chosen them, by their names: those of many that synth
 * accepts. They are the same in each run.
 */
export const mixtures: readonly (readonly [name: string, config: DeploymentConfig])[] = fc
  .sample(config, { numRuns: TRIED, seed: SEED })
  .filter((each) => mistakesOf(each).length === 0)
  .map((each, index) => [`mixture ${index}`, each] as const);
