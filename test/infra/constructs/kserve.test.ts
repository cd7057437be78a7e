import { describe, expect, it } from 'vitest';
import { extend, type Changes, type WorkloadConfig } from '../../../infra/config.ts';
import { changeSteps } from '../../../infra/changes/change-steps.ts';
import { inferenceServiceSpec } from '../kserve.ts';
import { deployments, manifestsOf, ofKind, only, podOf, yamlOf } from '../manifests.ts';
import { mistakesOf } from '../mistakes.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

const ENABLED = { kserve: { enabled: true } } as const;
const GATEWAY = {
  exposure: { route: 'gateway' },
  networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
} satisfies Changes<WorkloadConfig>;

/** A scenario whose pods KServe runs, or the same with Deployments. */
function scenarioBy(enabled: boolean) {
  const { workloads, ...rest } = scenarios['kserve-canary'];
  return { ...rest, workloads: workloads.map((one) => extend(one, { kserve: { enabled } })) };
}

describe('the pods that KServe runs', () => {
  const byKserve = deployments(manifestsOf(scenarioBy(true)));
  const byDeployments = deployments(manifestsOf(scenarioBy(false)));

  it('are those of Deployments, but for the name of the container', () => {
    const withName = JSON.stringify(byDeployments.map(podOf)).replaceAll('"server"', '"kserve-container"');
    expect(byKserve.map(podOf)).toEqual(JSON.parse(withName));
  });

  it('have the labels and annotations of those of Deployments', () => {
    for (const [index, { spec }] of byKserve.entries()) {
      const { labels, annotations } = byDeployments[index]?.spec?.template.metadata ?? {};
      expect(spec?.template.metadata?.labels).toMatchObject(labels ?? {});
      expect(spec?.template.metadata?.annotations).toMatchObject({
        ...annotations,
        'kubectl.kubernetes.io/default-container': 'kserve-container',
      });
    }
  });

  it('are as many as without KServe, which takes the canary off the number of pods', () => {
    expect(byKserve.map(({ spec }) => spec?.replicas)).toEqual([3, 2]);
    expect(byDeployments.map(({ spec }) => spec?.replicas)).toEqual([3, 2]);
  });

  it('are as many as an autoscaler decides, and those of the canary as configured', () => {
    const config = withWorkload({ ...ENABLED, ...GATEWAY, canary: { enabled: true, replicas: 2 } });
    const [stable, canary] = deployments(manifestsOf(config));
    expect([stable?.spec?.replicas, canary?.spec?.replicas]).toEqual([undefined, 2]);
    const { spec } = only(manifestsOf(config), 'HorizontalPodAutoscaler') as { spec?: unknown };
    expect(spec).toMatchObject({ scaleTargetRef: { name: stable?.metadata?.name } });
  });
});

describe('the InferenceService', () => {
  const labelsOf = (changes: Changes<WorkloadConfig>) =>
    only(manifestsOf(withWorkload({ ...ENABLED, ...changes })), 'InferenceService').metadata.labels;

  it('has a storage, without which KServe adds its agent to the pods', () => {
    const { predictor, canary = [] } = inferenceServiceSpec(
      only(manifestsOf(scenarios['kserve-canary']), 'InferenceService'),
    );
    for (const { model } of [predictor, ...canary.map((entry) => entry.predictor)]) expect(model.storage).toEqual({});
  });

  it('leaves the route to the configuration, or to KServe where that has none', () => {
    const visibility = 'networking.kserve.io/visibility';
    expect(labelsOf(GATEWAY)).toHaveProperty([visibility], 'cluster-local');
    expect(labelsOf({ ...GATEWAY, exposure: { route: 'none' } })).not.toHaveProperty([visibility]);
  });

  it('reports the share of a canary, 0 included', () => {
    const shares = (['kserve-canary', 'kserve-canary-untouched'] as const).map((name) =>
      inferenceServiceSpec(only(manifestsOf(scenarios[name]), 'InferenceService')).canary?.map(
        ({ trafficPercent }) => trafficPercent,
      ),
    );
    expect(shares).toEqual([[20], [0]]);
  });

  it('changes with the ServingRuntime of the canary, which KServe does not watch', () => {
    const checksumWith = (version: string) => {
      const { workloads, ...rest } = scenarios['kserve-canary'];
      const changed = workloads.map((one) => {
        const { source } = one.model;
        const model = { ...one.model, source: source.kind === 'claim' ? { ...source, version } : source };
        return { ...one, canary: { ...one.canary, model } };
      });
      const manifests = manifestsOf({ ...rest, workloads: changed });
      const { annotations } =
        inferenceServiceSpec(only(manifests, 'InferenceService')).canary?.[0]?.predictor ?? expect.fail();
      return annotations['checksum/runtime'];
    };
    expect(checksumWith('1.1')).toMatch(/^[0-9a-f]{16}$/);
    expect(checksumWith('1.1')).not.toBe(checksumWith('1.2'));
  });

  it('stands beside backfills, whose pods are not its own', () => {
    const [job] = ofKind(manifestsOf(scenarios['kserve-canary']), 'Job');
    const { template } = job?.['spec'] as { template: { spec: { containers: { name: string }[] } } };
    expect(template.spec.containers.map(({ name }) => name)).toEqual(['batch']);
  });
});

describe('a configuration that KServe cannot run', () => {
  it.each<[Changes<WorkloadConfig>, RegExp]>([
    [
      { exposure: { route: 'none' }, canary: { enabled: true } },
      /canary\.weightPercent is 10, but exposure\.route is none, and KServe's own route \(0\.20\) sends a canary nothing/,
    ],
    [{ pod: { env: { GREETING: '{{ name }}' } } }, /has {{, which KServe takes for a template/],
    [{ pod: { env: { PYTHONPATH: '/x' } } }, /pod\.env has PYTHONPATH, which KServe refuses/],
  ])('%j is refused', (changes, sentence) => {
    expect(mistakesOf(withWorkload({ ...GATEWAY, ...ENABLED, ...changes })).join('\n')).toMatch(sentence);
    expect(mistakesOf(withWorkload({ ...GATEWAY, ...changes, kserve: { enabled: false } })).join('\n')).not.toMatch(
      sentence,
    );
  });

  it('is a server of another kind', () => {
    const { workloads, ...rest } = scenarios['multi-model'];
    const candidate = { ...rest, workloads: workloads.map((one) => extend(one, ENABLED)) };
    expect(mistakesOf(candidate)).toEqual([
      expect.stringMatching(/^workloads\[1\]\.kserve\.enabled is true, but server\.kind is other/),
    ]);
  });

  it('is a canary without the claim of the stable version', () => {
    const { workloads, ...rest } = scenarios['kserve-canary'];
    const canary = { model: { source: { kind: 'image' as const }, needs: workloads[0]?.model.needs ?? expect.fail() } };
    const candidate = {
      ...rest,
      workloads: workloads.map((one) => ({ ...one, canary: { ...one.canary, ...canary } })),
    };
    expect(mistakesOf(candidate)).toEqual([
      expect.stringMatching(/canary\.model\.source\.kind is image, but model\.source\.kind is claim/),
    ]);
  });

  it('is one whose other workload has the name of a Deployment that KServe writes', () => {
    const [workload = expect.fail()] = withWorkload({ ...GATEWAY, ...ENABLED }).workloads;
    const other = extend(workload, {
      name: 'ofa-ve-predictor',
      kserve: { enabled: false },
      exposure: { path: '/other' },
    });
    expect(mistakesOf({ ...scenarios.default, workloads: [workload, other] })).toEqual([
      'workloads[1].name claims ofa-ve-predictor, which workloads[0] already has; choose another.',
    ]);
  });

  it('is one with clients that KServe has no gateway among', () => {
    expect(mistakesOf(withWorkload({ ...ENABLED, exposure: { route: 'none' } }))).toEqual([
      expect.stringMatching(/allows ingress-nginx alone, but requests come through KServe's gateway/),
    ]);
  });
});

describe('the change to KServe and back', () => {
  const without = withWorkload({ ...GATEWAY });
  const within = withWorkload({ ...GATEWAY, ...ENABLED });
  const steps = (from: typeof without, to: typeof without) => changeSteps([yamlOf(from)], [yamlOf(to)]);

  it('waits for the new pods before the old ones go', () => {
    expect(steps(without, within)).toEqual({
      before: [],
      after: [
        'kubectl wait --for=condition=Ready --timeout=30m -n ofa-ve inferenceservice.serving.kserve.io/ofa-ve',
        'kubectl delete -n ofa-ve deployment.apps/ofa-ve',
      ],
      fewestPods: ['inferenceservice.serving.kserve.io/ofa-ve'],
    });
    expect(steps(within, without)).toEqual({
      before: [],
      after: [
        'kubectl rollout status -n ofa-ve deployment.apps/ofa-ve',
        'kubectl delete -n ofa-ve inferenceservice.serving.kserve.io/ofa-ve',
        'kubectl delete -n ofa-ve servingruntime.serving.kserve.io/ofa-ve',
      ],
      fewestPods: ['deployment.apps/ofa-ve'],
    });
  });
});
