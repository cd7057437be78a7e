import { describe, expect, it } from 'vitest';
import { changeSteps } from '../../infra/change-steps.ts';
import { extend, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../infra/config.ts';
import { yamlOf } from './manifests.ts';
import { BACKFILL, scenarios, withWorkload } from './scenarios.ts';

type Claim = Extract<WorkloadConfig['model']['source'], { kind: 'claim' }>;

/** On the cluster's storage class. */
const UNNAMED: Claim = {
  kind: 'claim',
  size: '10Gi',
  accessMode: 'ReadWriteMany',
  version: '1.0',
  loaderImage: 'registry.example.com/ai/ofa-ve-package:1.0',
  loaderFolder: '/package',
};
const CLAIM: Claim = { ...UNNAMED, storageClassName: 'shared' };
const DELETE_CLAIM = 'kubectl delete -n ofa-ve persistentvolumeclaim/ofa-ve-models';

function steps(from: DeploymentConfig, to: DeploymentConfig) {
  return changeSteps([yamlOf(from)], [yamlOf(to)], 'environments/berlin/dist');
}

describe('a change of the claim with the models', () => {
  const on = (source: Claim, changes: Changes<WorkloadConfig> = {}) =>
    withWorkload({ model: { source }, ...changes }, '1.33');

  it.each([
    ['another class', { ...CLAIM, storageClassName: 'fast' }],
    ["the cluster's class", UNNAMED],
    ['less space', { ...CLAIM, size: '5120Mi' }],
  ] as const)('to %s needs a new one, which what mounts it makes way for', (_name, source) => {
    expect(steps(on(CLAIM), on(source))).toEqual({
      before: ['kubectl delete -n ofa-ve deployment.apps/ofa-ve', DELETE_CLAIM],
      after: [],
    });
  });

  it.each(['10Gi', '10240Mi', '20Gi', '1Ti'] as const)('to %s, which is no less, needs none', (size) => {
    expect(steps(on(CLAIM), on({ ...CLAIM, size }))).toEqual({ before: [], after: [] });
  });

  it('deletes the canary and the backfills, each once, although the same change ends them', () => {
    const from = on(CLAIM, {
      canary: { enabled: true },
      backfills: [BACKFILL],
    });
    const { before, after } = steps(from, on(UNNAMED));
    expect(before).toEqual([
      'kubectl delete -n ofa-ve deployment.apps/ofa-ve',
      'kubectl delete -n ofa-ve deployment.apps/ofa-ve-canary',
      'kubectl delete -n ofa-ve job.batch/ofa-ve-archive --ignore-not-found',
      DELETE_CLAIM,
    ]);
    expect(after.filter((command) => /deployment|job/.test(command))).toEqual([]);
  });

  it('deletes the InferenceService whose pods KServe runs', () => {
    const kserve = { kserve: { enabled: true } };
    expect(steps(on(CLAIM, kserve), on(UNNAMED, kserve)).before).toEqual([
      'kubectl delete -n ofa-ve inferenceservice.serving.kserve.io/ofa-ve',
      DELETE_CLAIM,
    ]);
  });
});

describe('another name', () => {
  const AGAIN =
    'kubectl apply -f environments/berlin/dist # ingress-nginx refuses an Ingress for an address that another has';

  it('of a workload keeps the old pods until the new ones are ready, and then its address changes hands', () => {
    const { after } = steps(scenarios.default, withWorkload({ name: 'judge' }));
    expect(after[0]).toBe('kubectl rollout status -n ofa-ve deployment.apps/judge');
    expect(after).toContain('kubectl delete -n ofa-ve deployment.apps/ofa-ve');
    expect(after.at(-1)).toBe(AGAIN);
  });

  it('of the namespace does so, too', () => {
    const { after } = steps(scenarios.default, extend(scenarios.default, { namespace: { name: 'berlin' } }));
    expect(after[0]).toBe('kubectl rollout status -n berlin deployment.apps/ofa-ve');
    expect(after.slice(-2)).toEqual(['kubectl delete namespace/ofa-ve', AGAIN]);
  });

  it('with another host needs no second apply', () => {
    const { after } = steps(
      scenarios.default,
      withWorkload({ name: 'judge', exposure: { host: 'judge.example.com' } }),
    );
    expect(after).not.toContain(AGAIN);
  });
});
