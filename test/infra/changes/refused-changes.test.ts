import { describe, expect, it } from 'vitest';
import { changeSteps } from '../../../infra/changes/change-steps.ts';
import { describeSteps } from '../../../infra/changes/describe-steps.ts';
import { extend, ofaLarge, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { yamlOf } from '../manifests.ts';
import { BACKFILL, CLAIM, type ClaimSource, scenarios, UNNAMED_CLASS, withWorkload } from '../scenarios.ts';

const DELETE_CLAIM = 'kubectl delete -n ofa-ve persistentvolumeclaim/ofa-ve-models';

function steps(from: DeploymentConfig, to: DeploymentConfig) {
  return changeSteps([yamlOf(from)], [yamlOf(to)], 'environments/berlin/dist');
}

describe('a change of the claim with the models', () => {
  const on = (source: ClaimSource, changes: Changes<WorkloadConfig> = {}) =>
    withWorkload({ model: { source }, ...changes }, '1.33');

  it.each([
    ['another class', { ...CLAIM, storageClassName: 'fast' }],
    ["the cluster's class", UNNAMED_CLASS],
    ['less space', { ...CLAIM, size: '5120Mi' }],
  ] as const)('to %s needs a new one, which what mounts it makes way for', (_name, source) => {
    expect(steps(on(CLAIM), on(source))).toEqual({
      before: ['kubectl delete -n ofa-ve deployment.apps/ofa-ve', DELETE_CLAIM],
      after: [],
    });
  });

  it.each(['10Gi', '10240Mi'] as const)('to %s, which is the same, needs none', (size) => {
    expect(steps(on(CLAIM), on({ ...CLAIM, size }))).toEqual({ before: [], after: [] });
  });

  it.each(['20Gi', '1Ti'] as const)('to %s needs none, but a word, as not all storage can grow', (size) => {
    const found = steps(on(CLAIM), on({ ...CLAIM, size }));
    expect(found).toEqual({ before: [], after: [], growing: ['persistentvolumeclaim/ofa-ve-models'] });
    expect(describeSteps(found)).toMatch(/^persistentvolumeclaim\/ofa-ve-models grows, .*allowVolumeExpansion;.*\.\n$/);
  });

  it('says nothing of growth where the claim is deleted in any case', () => {
    expect(steps(on(CLAIM), on({ ...UNNAMED_CLASS, size: '20Gi' }))).not.toHaveProperty('growing');
  });

  it('deletes the canary and the backfills, each once, although the same change ends them', () => {
    const from = on(CLAIM, {
      canary: { enabled: true },
      backfills: [BACKFILL],
    });
    const { before, after } = steps(from, on(UNNAMED_CLASS));
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
    expect(steps(on(CLAIM, kserve), on(UNNAMED_CLASS, kserve)).before).toEqual([
      'kubectl delete -n ofa-ve inferenceservice.serving.kserve.io/ofa-ve',
      DELETE_CLAIM,
    ]);
  });
});

describe('a claim that a change leaves behind', () => {
  const WITH_CANARY = { canary: { enabled: true } } as const;

  it('stays until no pod mounts it, as pods that start meanwhile would find it ending', () => {
    const from = withWorkload({ model: { source: CLAIM }, ...WITH_CANARY }, '1.33');
    expect(steps(from, withWorkload(WITH_CANARY, '1.33'))).toEqual({
      before: [],
      after: [
        'kubectl rollout status -n ofa-ve deployment.apps/ofa-ve',
        'kubectl rollout status -n ofa-ve deployment.apps/ofa-ve-canary',
        DELETE_CLAIM,
      ],
    });
  });

  it('stays for the pods that KServe runs, too', () => {
    const kserve = { kserve: { enabled: true } };
    const from = withWorkload({ model: { source: CLAIM }, ...kserve }, '1.33');
    expect(steps(from, withWorkload(kserve, '1.33')).after).toEqual([
      'kubectl rollout status -n ofa-ve deployment.apps/ofa-ve-predictor',
      DELETE_CLAIM,
    ]);
  });
});

describe('another name', () => {
  const AGAIN = 'kubectl apply -f environments/berlin/dist';
  /** The Ingress changes hands between two commands, when the new pods are ready and nothing else is gone. */
  const handover = (namespace: string, deployment: string) => [
    `kubectl rollout status -n ${namespace} deployment.apps/${deployment}`,
    'kubectl delete -n ofa-ve ingress.networking.k8s.io/ofa-ve',
    AGAIN,
  ];

  it('of a workload keeps the old pods until the new ones are ready, and then its address changes hands', () => {
    const { before, after } = steps(scenarios.default, withWorkload({ name: 'judge' }));
    expect(before).toEqual([]);
    expect(after.slice(0, 3)).toEqual(handover('ofa-ve', 'judge'));
    expect(after.slice(3)).toEqual(
      expect.arrayContaining([
        'kubectl delete -n ofa-ve horizontalpodautoscaler.autoscaling/ofa-ve',
        'kubectl delete -n ofa-ve deployment.apps/ofa-ve',
      ]),
    );
  });

  it('of the namespace does so, too, before the namespace ends, which takes as long as its pods', () => {
    const { after } = steps(scenarios.default, extend(scenarios.default, { namespace: { name: 'berlin' } }));
    expect(after.slice(0, 3)).toEqual(handover('berlin', 'ofa-ve'));
    expect(after.at(-1)).toBe('kubectl delete namespace/ofa-ve');
  });

  it('deletes the Ingress of a canary with that of the stable version', () => {
    const { after } = steps(scenarios['canary-ingress'], withWorkload({ name: 'judge', canary: { enabled: true } }));
    expect(after.slice(2, 5)).toEqual([
      'kubectl delete -n ofa-ve ingress.networking.k8s.io/ofa-ve-canary',
      'kubectl delete -n ofa-ve ingress.networking.k8s.io/ofa-ve',
      AGAIN,
    ]);
  });

  it('with another host needs no second apply', () => {
    const { after } = steps(
      scenarios.default,
      withWorkload({ name: 'judge', exposure: { host: 'judge.example.com' } }),
    );
    expect(after).not.toContain(AGAIN);
  });

  it.each([scenarios.default, scenarios.keda, scenarios.kserve, scenarios['kserve-canary-untouched']])(
    'leaves the old pods their autoscaler until they go',
    (from) => {
      const to = extend(from, { workloads: from.workloads.map((one) => extend(one, { name: 'judge' })) });
      const { before, after } = steps(from, to);
      const index = (kind: RegExp) => after.findIndex((command) => kind.test(command));
      expect(before).toEqual([]);
      expect(index(/delete \S+ \S+ (horizontalpodautoscaler|scaledobject)/)).toBeGreaterThan(0);
    },
  );
});

describe('hosts that workloads exchange', () => {
  const withHosts = (hosts: Readonly<Record<string, string>>) =>
    extend(scenarios.default, {
      workloads: Object.entries(hosts).map(([name, host]) => extend(ofaLarge, { name, exposure: { host } })),
    });
  const from = withHosts({ blue: 'a.example.com', green: 'b.example.com' });

  it('leave no order of the Ingresses in which ingress-nginx accepts them, so one is made anew', () => {
    expect(steps(from, withHosts({ blue: 'b.example.com', green: 'a.example.com' }))).toEqual({
      before: ['kubectl delete -n ofa-ve ingress.networking.k8s.io/green'],
      after: [],
    });
  });

  it('need nothing where an Ingress gives up its host before the next one takes it', () => {
    const to = withHosts({ blue: 'c.example.com', green: 'a.example.com' });
    expect(steps(from, to)).toEqual({ before: [], after: [] });
  });

  it('need nothing where a canary has the host of its stable version', () => {
    const to = withWorkload({ canary: { enabled: true }, exposure: { host: 'a.example.com' } });
    expect(steps(scenarios['canary-ingress'], to)).toEqual({ before: [], after: [] });
  });
});
