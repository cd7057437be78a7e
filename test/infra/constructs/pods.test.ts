import type { IContainer } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { PATHS, SETTINGS } from '../../../service/contract.ts';
import { readSettings } from '../../../service/settings/read.ts';
import { extend, type Changes, type WorkloadConfig } from '../../../infra/config.ts';
import { deployments, manifestsOf, ofKind, only, podOf, serverOf } from '../manifests.ts';
import { scenarios, withWorkload, type ScenarioName } from '../scenarios.ts';

const [defaultDeployment] = deployments(manifestsOf(scenarios.default));
const standard = defaultDeployment ?? expect.fail();

function environment(container: IContainer): Record<string, string | undefined> {
  return Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
}

/** What the platform and its libraries read; everything else has to be a setting of the service. */
const PLATFORM_VARIABLES = ['HOME', 'CUDA_CACHE_PATH', 'OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES'];

describe.each(Object.entries(scenarios))('%s', (_name, config) => {
  const all = deployments(manifestsOf(config));
  const ofOurs = all.filter((one) => one.metadata?.labels?.['app.kubernetes.io/name'] === 'ofa-ve');

  it('fulfils the Pod Security level restricted', () => {
    for (const deployment of all) {
      const { securityContext, containers, initContainers = [], volumes = [], ...pod } = podOf(deployment);
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(securityContext?.runAsUser).toBeGreaterThan(0);
      expect([pod.hostNetwork, pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined, undefined]);
      const allowed = new Set(['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret', 'image']);
      for (const { name, ...source } of volumes) expect(allowed, name).toContain(Object.keys(source)[0]);
      for (const container of [...containers, ...initContainers]) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        });
        expect((container.ports ?? []).every(({ hostPort }) => hostPort === undefined)).toBe(true);
      }
    }
  });

  it('has no API token and no variables of other Services', () => {
    const accounts = ofKind(manifestsOf(config), 'ServiceAccount');
    expect(accounts.map((account) => account['automountServiceAccountToken'])).not.toContain(undefined);
    for (const deployment of all) {
      const pod = podOf(deployment);
      expect([pod.automountServiceAccountToken, pod.enableServiceLinks]).toEqual([false, false]);
      expect(accounts.map(({ metadata }) => metadata.name)).toContain(pod.serviceAccountName);
    }
  });

  it('gives the service only variables that it knows, with values that it takes', () => {
    for (const deployment of ofOurs) {
      const variables = environment(serverOf(deployment));
      expect(() => readSettings(variables)).not.toThrow();
      const added = config.workloads.flatMap(({ pod }) => Object.keys(pod.env));
      for (const name of Object.keys(variables))
        expect([...Object.keys(SETTINGS), ...PLATFORM_VARIABLES, ...added]).toContain(name);
    }
  });

  it('leaves time for the wait before SIGTERM and for the whole shutdown', () => {
    for (const deployment of ofOurs) {
      const { terminationGracePeriodSeconds = 0 } = podOf(deployment);
      const { env = [], lifecycle } = serverOf(deployment);
      const setting = (name: 'SHUTDOWN_TIMEOUT_MS' | 'DRAIN_DELAY_MS' | 'REQUEST_TIMEOUT_MS') =>
        Number(env.find((variable) => variable.name === name)?.value ?? SETTINGS[name].default) / 1000;
      const sleep =
        lifecycle?.preStop?.sleep?.seconds ??
        Number(/\d+/.exec(lifecycle?.preStop?.exec?.command?.at(-1) ?? '')?.[0]) / 1000;
      expect(sleep).toBe(5);
      expect(terminationGracePeriodSeconds).toBeGreaterThan(sleep + setting('SHUTDOWN_TIMEOUT_MS'));
      expect(setting('SHUTDOWN_TIMEOUT_MS')).toBeGreaterThanOrEqual(
        setting('DRAIN_DELAY_MS') + 2 * setting('REQUEST_TIMEOUT_MS') + 1,
      );
    }
  });

  it('allows a rollout an image pull and a cold start before it counts as failed', () => {
    for (const deployment of all) {
      const { startupProbe } = serverOf(deployment);
      const start = (startupProbe?.failureThreshold ?? 0) * (startupProbe?.periodSeconds ?? 0);
      expect(start).toBeGreaterThan(SETTINGS.ENGINE_START_TIMEOUT_MS.default / 1000);
      const deadline = deployment.spec?.progressDeadlineSeconds;
      // KServe passes no deadline on: the server's default applies, after which nothing is rolled back.
      if (serverOf(deployment).name === 'kserve-container') expect(deadline).toBeUndefined();
      else expect(deadline).toBeGreaterThan(start + 600);
    }
  });
});

describe('the default pod', () => {
  it('requests one GPU and limits its other resources', () => {
    expect(serverOf(standard).resources).toEqual({
      requests: { cpu: '2', memory: '5632Mi', 'ephemeral-storage': '1Gi', 'nvidia.com/gpu': '1' },
      limits: { cpu: '4', memory: '6Gi', 'ephemeral-storage': '4Gi', 'nvidia.com/gpu': '1' },
    });
  });

  it('runs on GPU nodes and tolerates their taint', () => {
    const { nodeSelector, tolerations } = podOf(standard);
    expect(nodeSelector).toEqual({ 'kubernetes.io/arch': 'amd64', 'nvidia.com/gpu.present': 'true' });
    expect(tolerations).toEqual([{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('tolerates a taint without a value, which the server drops from the toleration', () => {
    const taint = { key: 'pool', value: '', effect: 'NoExecute' } as const;
    const [deployment] = deployments(manifestsOf(withWorkload({ scheduling: { tolerations: [taint] } })));
    expect(podOf(deployment ?? expect.fail()).tolerations?.at(-1)).toEqual({
      key: 'pool',
      operator: 'Equal',
      effect: 'NoExecute',
    });
  });

  it('is spread over the nodes that can take it, and by its own version alone', () => {
    const spread = podOf(standard).topologySpreadConstraints ?? [];
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    for (const constraint of spread)
      expect(constraint).toMatchObject({
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: standard.spec?.selector.matchLabels },
        matchLabelKeys: ['pod-template-hash'],
        nodeTaintsPolicy: 'Honor',
      });
  });

  it('is replaced in place, so that a rollout needs no spare GPU', () => {
    expect(standard.spec?.strategy?.rollingUpdate).toEqual({ maxSurge: 0, maxUnavailable: 1 });
  });

  it('requires CUDA: a pod without a working GPU must not serve from its CPU', () => {
    expect(environment(serverOf(standard))).toEqual({
      DEVICE: 'cuda',
      HOME: '/tmp',
      CUDA_CACHE_PATH: '/var/cache/cuda',
    });
  });

  it('is probed on the paths of the contract', () => {
    const { startupProbe, livenessProbe, readinessProbe } = serverOf(standard);
    expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet?.path)).toEqual([
      PATHS.startup,
      PATHS.live,
      PATHS.ready,
    ]);
  });

  it('has writable folders for the service and CUDA', () => {
    expect(serverOf(standard).volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(['/tmp', '/var/cache/cuda']);
  });
});

describe('variants', () => {
  const server = (name: ScenarioName) => serverOf(deployments(manifestsOf(scenarios[name]))[0] ?? expect.fail());

  it('requests a slice of a GPU', () => {
    expect(server('mig').resources?.limits).toMatchObject({ 'nvidia.com/mig-1g.10gb': '1' });
    expect(server('time-sliced').resources?.limits).toMatchObject({ 'nvidia.com/gpu.shared': '1' });
  });

  it('claims a device of a class with dynamic resource allocation', () => {
    const manifests = manifestsOf(scenarios.dra);
    const template = only(manifests, 'ResourceClaimTemplate');
    const pod = podOf(deployments(manifests)[0] ?? expect.fail());
    expect(pod.resourceClaims).toEqual([{ name: 'gpu', resourceClaimTemplateName: template.metadata.name }]);
    expect(server('dra').resources?.claims).toEqual([{ name: 'gpu' }]);
    expect(server('dra').resources?.limits).not.toHaveProperty('nvidia.com/gpu');
  });

  it('waits by the kubelet from Kubernetes 1.30 on, before by a command of the image', () => {
    expect(server('default').lifecycle?.preStop?.exec?.command).toEqual(['node', '-e', 'setTimeout(() => {}, 5000)']);
    expect(server('production').lifecycle?.preStop).toEqual({ sleep: { seconds: 5 } });
    const preStopOf = (preStopSeconds: number) =>
      deployments(manifestsOf(withWorkload({ shutdown: { preStopSeconds } }, '1.30'))).map(
        (one) => serverOf(one).lifecycle?.preStop,
      );
    expect([0, 1].flatMap(preStopOf)).toEqual([undefined, { sleep: { seconds: 1 } }]);
    const older = manifestsOf(extend(scenarios['multi-model'], { kubernetesVersion: '1.29' }));
    const commands = deployments(older).map((one) => serverOf(one).lifecycle?.preStop?.exec?.command);
    expect(commands[1]).toEqual(['sleep', '5']);
  });

  it('takes the model from a volume that an init container fills, each version in its own folder', () => {
    const [stable, canary] = deployments(manifestsOf(scenarios.everything));
    const folders = [stable, canary].map((one) => {
      const deployment = one ?? expect.fail();
      const [loader] = podOf(deployment).initContainers ?? [];
      const target = environment(loader ?? expect.fail())['TARGET'];
      expect(environment(serverOf(deployment))['MODEL_DIR']).toBe(target);
      return target;
    });
    expect(folders).toEqual(['/models/1.0', '/models/1.1']);
  });

  it('mounts the model read-only from an OCI image', () => {
    const [deployment] = deployments(manifestsOf(scenarios['oci-volume']));
    expect(podOf(deployment ?? expect.fail()).volumes?.[0]?.image?.reference).toBe(
      'registry.example.com/ai/ofa-ve-package:1.0',
    );
    expect(environment(server('oci-volume'))['MODEL_DIR']).toBe('/models');
  });

  it('mounts the Secret with the keys as a folder, so that changes are seen', () => {
    const { volumeMounts } = server('production');
    expect(environment(server('production'))['API_KEYS_FILE']).toBe('/etc/ofa-ve/api-keys/keys');
    expect(volumeMounts).toContainEqual({
      name: 'api-keys',
      mountPath: '/etc/ofa-ve/api-keys',
      readOnly: true,
    });
  });

  it('runs the demo model with one thread per CPU of its limit, without GPU', () => {
    const { resources } = server('demo');
    expect(Object.keys(resources?.limits ?? {})).toEqual(['cpu', 'ephemeral-storage', 'memory']);
    expect(environment(server('demo'))).toMatchObject({ DEVICE: 'cpu', ENGINE_THREADS: '1' });
  });

  it('divides the CPU limit among the engines', () => {
    const config = withWorkload({
      gpu: { kind: 'none' },
      resources: { requests: { memory: '16Gi' }, limits: { memory: '16Gi' } },
      server: { kind: 'ofa-ve', settings: { ENGINES: 2 } },
    });
    const container = serverOf(deployments(manifestsOf(config))[0] ?? expect.fail());
    expect(environment(container)).toMatchObject({ ENGINES: '2', ENGINE_THREADS: '2' });
  });

  it('listens on the port that a setting names', () => {
    const config = withWorkload({ server: { kind: 'ofa-ve', settings: { PORT: 8080 } } });
    const container = serverOf(deployments(manifestsOf(config))[0] ?? expect.fail());
    expect(environment(container)).toMatchObject({ PORT: '8080' });
    expect(container.ports?.[0]?.containerPort).toBe(8080);
  });

  it('gives another server its own arguments, variables and volumes', () => {
    const [, vllm] = deployments(manifestsOf(scenarios['multi-model']));
    const container = serverOf(vllm ?? expect.fail());
    expect(container.args).toContain('--model=/models/2.5');
    expect(container.env).toContainEqual({
      name: 'VLLM_API_KEY',
      valueFrom: { secretKeyRef: { name: 'qwen-vl-api-key', key: 'key' } },
    });
    expect(container.ports).toEqual([{ name: 'http', containerPort: 8000, protocol: 'TCP' }]);
    expect(podOf(vllm ?? expect.fail()).volumes).toContainEqual({
      name: 'shm',
      emptyDir: { medium: 'Memory', sizeLimit: '4Gi' },
    });
  });
});

it('keeps Kubernetes from replacing parts of a setting, as it replaces $$ and $(NAME)', () => {
  const server = { kind: 'ofa-ve', settings: { LABELS: 'yes=$$,no=$(HOME),maybe=$' } } as const;
  const [deployment = expect.fail()] = deployments(manifestsOf(withWorkload({ server })));
  expect(environment(serverOf(deployment))).toMatchObject({ LABELS: 'yes=$$$$,no=$$(HOME),maybe=$$' });
});

describe('image of a canary', () => {
  const imagesOf = (canary: Changes<WorkloadConfig['canary']['image']>) => {
    const config = withWorkload({
      image: { pullPolicy: 'Always', pullSecrets: ['registry'] },
      canary: { enabled: true, image: canary },
    });
    return deployments(manifestsOf(config)).map((deployment) => [
      serverOf(deployment).imagePullPolicy,
      podOf(deployment).imagePullSecrets?.map(({ name }) => name),
    ]);
  };

  it('is pulled as that of the stable version, unless the canary says otherwise', () => {
    expect(imagesOf({})).toEqual([
      ['Always', ['registry']],
      ['Always', ['registry']],
    ]);
    expect(imagesOf({ pullPolicy: 'Never', pullSecrets: [] })).toEqual([
      ['Always', ['registry']],
      ['Never', undefined],
    ]);
  });
});
