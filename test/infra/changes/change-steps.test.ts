import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changeSteps } from '../../../infra/changes/change-steps.ts';
import { extend, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { describeSteps } from '../../../infra/changes/describe-steps.ts';
import { deepChange } from '../mistakes.ts';
import { manifestsOf, only, yamlOf, type Manifest } from '../manifests.ts';
import { BACKFILL, scenarioNames, scenarios, withWorkload } from '../scenarios.ts';

function steps(from: DeploymentConfig, to: DeploymentConfig) {
  return changeSteps([yamlOf(from)], [yamlOf(to)]);
}

const HANDOVER =
  "kubectl apply view-last-applied -n ofa-ve deployment.apps/ofa-ve -o yaml | sed '/^  replicas:/d' | kubectl apply set-last-applied -f -";
const DELETE_HPA = 'kubectl delete -n ofa-ve horizontalpodautoscaler.autoscaling/ofa-ve';
const DELETE_KEDA = [
  'kubectl delete -n ofa-ve scaledobject.keda.sh/ofa-ve',
  'kubectl wait --for=delete --timeout=60s -n ofa-ve horizontalpodautoscaler.autoscaling/ofa-ve',
];

describe('a change of what sets the number of pods', () => {
  const by = (mode: 'none' | 'hpa' | 'keda'): DeploymentConfig =>
    withWorkload({ replicas: mode === 'none' ? 4 : undefined, autoscaling: { by: mode, adapter: { rules: false } } });

  it.each([
    ['none', 'hpa', [HANDOVER]],
    ['none', 'keda', [HANDOVER]],
    ['hpa', 'none', [DELETE_HPA]],
    ['keda', 'none', DELETE_KEDA],
    ['keda', 'hpa', DELETE_KEDA],
    // KEDA takes over the HorizontalPodAutoscaler.
    ['hpa', 'keda', []],
    ['hpa', 'hpa', []],
    ['none', 'none', []],
    ['keda', 'keda', []],
  ] as const)('from %s to %s needs these commands first, and none afterwards', (from, to, before) => {
    expect(steps(by(from), by(to))).toEqual({ before, after: [] });
  });

  it('from hpa to keda works because both name the same autoscaler, which KEDA may take over', () => {
    const { metadata } = only(manifestsOf(by('hpa')), 'HorizontalPodAutoscaler');
    const scaled = only(manifestsOf(by('keda')), 'ScaledObject');
    expect(scaled.metadata.annotations).toEqual({ 'scaledobject.keda.sh/transfer-hpa-ownership': 'true' });
    expect(scaled['spec']).toMatchObject({
      advanced: { horizontalPodAutoscalerConfig: { name: metadata.name } },
      scaleTargetRef: { name: 'ofa-ve' },
    });
  });

  it.each(scenarioNames)('never leaves two autoscalers for one Deployment in %s', (name) => {
    const targets = manifestsOf(scenarios[name])
      .filter(({ kind }) => ['HorizontalPodAutoscaler', 'ScaledObject'].includes(kind))
      .map(({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name);
    expect(targets).toEqual([...new Set(targets)]);
  });
});

describe('a change of the devices that pods claim', () => {
  const changed = deepChange(scenarios.dra, 'workloads.0.gpu.deviceClassName', 'mig.nvidia.com') as DeploymentConfig;

  it('is a new template, as the server refuses to change one, which the pods are replaced for', () => {
    const [before, after] = [scenarios.dra, changed].map(manifestsOf);
    const [old, current] = [before, after].map((all) => only(all ?? [], 'ResourceClaimTemplate').metadata.name);
    expect(current).toMatch(/^ofa-ve-gpu-[0-9a-f]{8}$/);
    expect(current).not.toBe(old);
    expect(JSON.stringify(only(after ?? [], 'Deployment'))).toContain(`"resourceClaimTemplateName":"${current}"`);
    expect(steps(scenarios.dra, changed)).toEqual({
      before: [],
      after: [
        'kubectl rollout status -n ofa-ve deployment.apps/ofa-ve',
        `kubectl delete -n ofa-ve resourceclaimtemplate.resource.k8s.io/${old}`,
      ],
    });
  });
});

describe('a change of the labels by which a Deployment selects its pods', () => {
  const from = scenarios['multi-model'];
  const index = from.workloads.findIndex(({ server }) => server.kind === 'other');
  const renamed = deepChange(from, `workloads.${index}.server.appName`, 'sglang') as DeploymentConfig;
  const { name = '' } = from.workloads[index] ?? {};

  it('needs a new Deployment, as the server refuses to change one', () => {
    expect(steps(from, renamed)).toEqual({
      before: [`kubectl delete -n ${from.namespace.name} deployment.apps/${name}`],
      after: [],
    });
  });

  it('needs a new one for the canary, too', () => {
    const withCanary = (config: DeploymentConfig) =>
      deepChange(config, `workloads.${index}.canary.enabled`, true) as DeploymentConfig;
    const { before } = steps(withCanary(from), withCanary(renamed));
    expect(before).toContain(`kubectl delete -n ${from.namespace.name} deployment.apps/${name}-canary`);
  });
});

describe('a change of a backfill', () => {
  const job = (changes: Partial<typeof BACKFILL> = {}, workload: Changes<WorkloadConfig> = {}) =>
    withWorkload({ ...workload, backfills: [{ ...BACKFILL, ...changes }] }, '1.30');
  const DELETE_JOB = 'kubectl delete -n ofa-ve job.batch/ofa-ve-archive --ignore-not-found';

  it.each([
    ['the image of the workload', job({}, { image: { reference: 'registry.example.com/ai/ofa-ve-large:1.2' } })],
    ['the options', job({ options: ['--column', 'image=photo'] })],
    ['the shards', job({ completions: 9 })],
  ])('by %s needs a new Job, as the server refuses to change one', (_name, to) => {
    expect(steps(job(), to)).toEqual({ before: [DELETE_JOB], after: [] });
  });

  it('in what may change needs none', () => {
    expect(steps(job(), job({ parallelism: 4, suspend: true, ttlSecondsAfterFinished: 60 })).before).toEqual([]);
    expect(steps(job(), job()).before).toEqual([]);
  });
});

describe('objects that a change leaves behind', () => {
  it('are those of the canary', () => {
    const from = scenarios['canary-gateway'];
    const to = extend(from, { workloads: from.workloads.map((one) => extend(one, { canary: { enabled: false } })) });
    expect(steps(from, to)).toEqual({
      before: [],
      after: [
        'kubectl delete -n ofa-ve service/ofa-ve-canary',
        'kubectl delete -n ofa-ve deployment.apps/ofa-ve-canary',
        'kubectl delete priorityclass.scheduling.k8s.io/canary.ofa-ve.ofa-ve',
      ],
    });
  });

  it('are the Ingress after a Gateway, and ConfigMaps', () => {
    const networkPolicy = { clients: [{ namespace: 'gateway-system', podLabels: {} }] };
    const to = withWorkload({
      exposure: { route: 'gateway' },
      networkPolicy,
      autoscaling: { adapter: { rules: false } },
      observability: { dashboard: { enabled: false } },
    });
    expect(steps(scenarios.default, to)).toEqual({
      before: [],
      after: [
        'kubectl delete -n ofa-ve configmap/ofa-ve-dashboard',
        'kubectl delete -n ofa-ve ingress.networking.k8s.io/ofa-ve',
        'kubectl delete -n ofa-ve configmap/ofa-ve-adapter-rules',
      ],
    });
  });

  it('do not include a namespace that somebody else creates from now on', () => {
    const to = extend(scenarios.default, { namespace: { create: false } });
    expect(steps(scenarios.default, to)).toEqual({ before: [], after: [] });
  });

  it('are those of a removed workload, with its autoscaler', () => {
    const from = scenarios['multi-model'];
    const to = extend(from, { workloads: from.workloads.slice(0, 1) });
    const { before, after } = steps(from, to);
    expect(before).toEqual([]);
    expect(after).toContain('kubectl delete -n ofa-ve horizontalpodautoscaler.autoscaling/qwen-vl');
    expect(after).toContain('kubectl delete -n ofa-ve deployment.apps/qwen-vl');
  });
});

describe('the text about a change', () => {
  it('is empty without steps', () => {
    expect(describeSteps({ before: [], after: [] })).toBe('');
  });

  it('names what to run before and after kubectl apply', () => {
    expect(describeSteps({ before: ['one'], after: ['two', 'three'] })).toMatch(
      /^kubectl apply alone would .* Before it, run .*:\n {2}one\nkubectl apply leaves .* After it, run:\n {2}two\n {2}three\n$/,
    );
  });

  it('prepares for the refusal that a second apply mends', () => {
    const { before, after } = steps(scenarios.default, withWorkload({ name: 'judge' }));
    expect(describeSteps({ before, after })).toContain('Under ingress-nginx it ends with an error');
    expect(describeSteps(steps(scenarios.production, scenarios.default))).not.toContain('ingress-nginx');
  });

  it('warns that a new autoscaled Deployment has few pods at first, and of no other', () => {
    const SENTENCE =
      /^deployment[.]apps[/]judge has only autoscaling[.]minReplicas at first, .*; if the load needs more, raise it until/;
    for (const from of [scenarios.default, scenarios.keda]) {
      const to = extend(from, { workloads: from.workloads.map((one) => extend(one, { name: 'judge' })) });
      expect(describeSteps(steps(from, to))).toMatch(SENTENCE);
    }
    const [fixed, renamed] = ['ofa-ve', 'judge'].map((name) =>
      withWorkload({ name, replicas: 4, autoscaling: { by: 'none' } }),
    ) as [DeploymentConfig, DeploymentConfig];
    expect(describeSteps(steps(fixed, renamed))).not.toContain('minReplicas');
    const [first] = scenarios['multi-model'].workloads;
    const one = extend(scenarios['multi-model'], { workloads: first === undefined ? [] : [first] });
    expect(describeSteps(steps(one, scenarios['multi-model']))).not.toContain('minReplicas');
  });

  it('can be pasted into zsh, which takes a comment for arguments', () => {
    const { before, after } = steps(scenarios.default, withWorkload({ name: 'judge' }));
    for (const command of [...before, ...after]) expect(command).not.toContain('#');
  });
});

/** The command of docs/changes.md that prunes: its label selector and the kinds that it may delete. */
function documentedPrune() {
  const page = readFileSync(new URL('../../../docs/changes.md', import.meta.url), 'utf8');
  const [, kinds = '', selector = ''] =
    /kinds="([^"]+)"\nkubectl apply -f dist --prune -l (\S+)/.exec(page) ?? expect.fail('no command');
  return {
    labels: Object.fromEntries(selector.split(',').map((pair) => pair.split('=') as [string, string])),
    kinds: kinds.split(/\s+/),
  };
}

/** An object's kind as `--prune-allowlist` takes it. */
function allowlisted({ apiVersion, kind }: Manifest): string {
  return `${apiVersion.includes('/') ? '' : 'core/'}${apiVersion}/${kind}`;
}

describe('pruning by labels, as documented', () => {
  const { labels, kinds } = documentedPrune();
  /** Kinds that hold data, or that must be gone before the apply. */
  const KEPT = ['Namespace', 'PersistentVolumeClaim', 'HorizontalPodAutoscaler', 'ScaledObject'];

  it.each(scenarioNames)('selects every object of %s', (name) => {
    const { namespace } = scenarios[name];
    for (const manifest of manifestsOf(scenarios[name])) {
      expect(manifest.metadata.labels, manifest.kind).toMatchObject({
        ...labels,
        'app.kubernetes.io/part-of': namespace.name,
      });
    }
  });

  it('deletes no data, and no autoscaler, which KEDA labels as its ScaledObject', () => {
    for (const kind of kinds) expect(KEPT).not.toContain(kind.split('/').at(-1));
  });

  it('covers all other kinds', () => {
    const emitted = scenarioNames.flatMap((name) => manifestsOf(scenarios[name]));
    const expected = emitted.filter(({ kind }) => !KEPT.includes(kind)).map(allowlisted);
    expect(kinds.toSorted()).toEqual([...new Set(expected)].toSorted());
  });

  it('selects no cluster-wide object of another deployment', () => {
    const other = extend(scenarios['canary-ingress'], { namespace: { name: 'ofa-ve-berlin' } });
    const clusterWide = manifestsOf(other).filter(({ metadata }) => metadata.namespace === undefined);
    expect(clusterWide.map(({ kind }) => kind)).toEqual(['Namespace', 'PriorityClass']);
    for (const { metadata } of clusterWide) expect(metadata.labels).not.toMatchObject(labels);
  });
});
