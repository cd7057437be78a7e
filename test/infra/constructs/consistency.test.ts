import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type { IService } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../service/settings/read.ts';
import { backends } from '../backends.ts';
import {
  deployments,
  manifestsOf,
  ofKind,
  only,
  picks,
  podLabelSets,
  podOf,
  serverOf,
  type Labels,
  type Manifest,
} from '../manifests.ts';
import { mixtures } from '../mixtures.ts';
import { scenarios } from '../scenarios.ts';

function services(manifests: readonly Manifest[]): IService[] {
  return ofKind(manifests, 'Service') as unknown as IService[];
}

/** Numbers and names by which a pod's port can be addressed. */
function containerPorts(manifests: readonly Manifest[], selector: Labels): (number | string)[] {
  return deployments(manifests)
    .filter((one) => picks(selector, one.spec?.template.metadata?.labels ?? {}))
    .flatMap((one) => serverOf(one).ports ?? [])
    .flatMap(({ name, containerPort }) => [name ?? '', containerPort]);
}

describe.each([...Object.entries(scenarios), ...mixtures])('%s', (_name, config) => {
  const manifests = manifestsOf(config);

  it('has no two objects of one kind and name', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it('puts every object into the namespace, which comes first', () => {
    const [first, ...others] = manifests;
    expect(first?.kind).toBe('Namespace');
    // A PriorityClass has none.
    const rest = others.filter(({ kind }) => kind !== 'PriorityClass');
    expect(new Set(rest.map(({ metadata }) => metadata.namespace))).toEqual(new Set([config.namespace.name]));
  });

  it('gives every object the recommended labels', () => {
    for (const { metadata, kind } of manifests) {
      expect(metadata.labels, kind).toMatchObject({
        'app.kubernetes.io/part-of': config.namespace.name,
        'app.kubernetes.io/managed-by': 'cdk8s',
      });
    }
  });

  it('has Deployments that select their own pods only', () => {
    const labelSets = podLabelSets(manifests);
    for (const [index, deployment] of deployments(manifests).entries()) {
      const selector = deployment.spec?.selector.matchLabels ?? {};
      expect(labelSets.map((labels) => picks(selector, labels))).toEqual(
        labelSets.map((_labels, other) => other === index),
      );
    }
  });

  it('has Services that select pods of one workload and target a port of theirs', () => {
    for (const { metadata, spec } of services(manifests)) {
      const selected = podLabelSets(manifests).filter((labels) => picks(spec?.selector ?? {}, labels));
      const workloads = new Set(selected.map((labels) => labels['app.kubernetes.io/instance']));
      expect(workloads.size, metadata?.name).toBe(1);
      for (const { targetPort } of spec?.ports ?? [])
        expect(containerPorts(manifests, spec?.selector ?? {})).toContain(targetPort);
    }
  });

  it('routes to Services and ports that exist, and never to the metrics', () => {
    const routed = config.workloads.filter(({ exposure }) => exposure.route !== 'none');
    const served = new Set(backends(manifests).map(({ name }) => name.replace(/-canary$/, '')));
    expect([...served].sort()).toEqual(routed.map(({ name }) => name).sort());
    for (const { name, port } of backends(manifests)) {
      const service = only(manifests, 'Service', name) as unknown as IService;
      expect((service.spec?.ports ?? []).flatMap((one) => [one.name, one.port])).toContain(port);
      expect(name).not.toMatch(/-metrics$/);
    }
  });

  it('probes ports that the container has', () => {
    for (const deployment of deployments(manifests)) {
      const { startupProbe, livenessProbe, readinessProbe, ports = [] } = serverOf(deployment);
      for (const probe of [startupProbe, livenessProbe, readinessProbe])
        expect(ports.map(({ name }) => name)).toContain(probe?.httpGet?.port);
    }
  });

  it('sets replicas only without autoscaling', () => {
    const scaled = [...ofKind(manifests, 'HorizontalPodAutoscaler'), ...ofKind(manifests, 'ScaledObject')].map(
      ({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name,
    );
    expect(scaled).toEqual([...new Set(scaled)]);
    for (const { metadata, spec } of deployments(manifests))
      expect(spec?.replicas === undefined, metadata?.name).toBe(scaled.includes(metadata?.name ?? ''));
  });

  it('protects the stable pods from drains, but not broken ones', () => {
    const budgets = ofKind(manifests, 'PodDisruptionBudget') as unknown as IPodDisruptionBudget[];
    expect(budgets).toHaveLength(config.workloads.filter(({ disruption }) => disruption.enabled).length);
    for (const { spec } of budgets) {
      const selected = podLabelSets(manifests).filter((one) => picks(spec?.selector?.matchLabels ?? {}, one));
      expect(selected.map((labels) => labels['track'])).toEqual(['stable']);
      expect(spec?.unhealthyPodEvictionPolicy).toBe('AlwaysAllow');
    }
  });

  it('mounts every volume, and only volumes that exist', () => {
    for (const deployment of deployments(manifests)) {
      const { volumes = [], containers, initContainers = [] } = podOf(deployment);
      const mounted = [...containers, ...initContainers].flatMap(({ volumeMounts = [] }) => volumeMounts);
      expect(new Set(mounted.map(({ name }) => name))).toEqual(new Set(volumes.map(({ name }) => name)));
    }
  });

  it('gives each container each variable and folder once, and limits all that it requests', () => {
    for (const deployment of deployments(manifests)) {
      const { containers, initContainers = [] } = podOf(deployment);
      for (const { env = [], name, resources = {}, volumeMounts = [] } of [...containers, ...initContainers]) {
        for (const list of [env.map((each) => each.name), volumeMounts.map(({ mountPath }) => mountPath)])
          expect(list, name).toEqual([...new Set(list)]);
        expect(Object.keys(resources.requests ?? {}), name).toEqual(Object.keys(resources.limits ?? {}));
      }
    }
  });

  it('has a service that starts with its variables, listens on its ports and has the time to end', () => {
    for (const deployment of deployments(manifests)) {
      const { labels } = deployment.spec?.template.metadata ?? {};
      const workload = config.workloads.find(({ name }) => name === labels?.['app.kubernetes.io/instance']);
      if (workload === undefined) expect.fail(`no workload has the labels ${JSON.stringify(labels)}`);
      expect(podOf(deployment).terminationGracePeriodSeconds).toBeGreaterThan(workload.shutdown.preStopSeconds);
      if (workload.server.kind !== 'ofa-ve') continue;
      const { env = [], ports = [], volumeMounts = [], startupProbe } = serverOf(deployment);
      const settings = readSettings(Object.fromEntries(env.map(({ name, value }) => [name, value])));
      const numbers = ports.map(({ containerPort }) => containerPort as number | 'off');
      expect(numbers.length === 3 ? numbers : [numbers[0], 'off', numbers[1]]).toEqual([
        settings.PORT,
        settings.GRPC_PORT,
        settings.ADMIN_PORT,
      ]);
      const folders = [settings.MODEL_DIR, settings.API_KEYS_FILE].filter((each) => each !== '');
      for (const folder of folders)
        expect(volumeMounts.some(({ mountPath }) => `${folder}/`.startsWith(`${mountPath}/`))).toBe(true);
      const { periodSeconds = 0, failureThreshold = 0 } = startupProbe ?? {};
      expect(periodSeconds * failureThreshold).toBeGreaterThan(settings.ENGINE_START_TIMEOUT_MS / 1000);
      expect(podOf(deployment).terminationGracePeriodSeconds).toBeGreaterThan(
        workload.shutdown.preStopSeconds + settings.SHUTDOWN_TIMEOUT_MS / 1000,
      );
    }
  });
});
