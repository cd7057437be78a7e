import type { IJob } from 'kubernetes-models/batch/v1';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { BATCH_SETTINGS } from '../../../infra/config/pod-settings.ts';
import type { ModelSettings } from '../../../service/inference/open-engines.ts';
import { readSettings } from '../../../service/settings/read.ts';
import { manifestsOf, ofKind, only, picks, podOf, deployments, type Labels, type Manifest } from '../manifests.ts';
import { BACKFILL, scenarios, withWorkload } from '../scenarios.ts';

function jobOf(manifests: readonly Manifest[], name: string) {
  const { metadata, spec } = only(manifests, 'Job', name) as unknown as IJob;
  const pod = spec?.template.spec ?? expect.fail();
  const container = pod.containers[0] ?? expect.fail();
  return { metadata, spec: spec ?? expect.fail(), pod, container };
}

const [onClaim, onS3] = [manifestsOf(scenarios['backfill-claim']), manifestsOf(scenarios['backfill-s3'])];

describe('a backfill', () => {
  it('is a Job with an index for each shard, which retries each by itself', () => {
    const { spec, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 8,
      parallelism: 2,
      backoffLimitPerIndex: 3,
      ttlSecondsAfterFinished: 604_800,
    });
    expect(spec).not.toHaveProperty('suspend');
    expect(container.args?.slice(0, 7)).toEqual([
      ...['batch', '--input', '/data/rows.csv', '--output', '/data/answers', '--shards', '8'],
    ]);
  });

  it('does not count evictions, and ends at once with wrong options', () => {
    const { spec, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(spec.podFailurePolicy?.rules).toEqual([
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: container.name, operator: 'In', values: [2] } },
    ]);
  });

  it('runs on the nodes, devices, image and model of the service', () => {
    for (const [manifests, name] of [
      [onClaim, 'ofa-ve-archive'],
      [onS3, 'ofa-ve-catalogue'],
    ] as const) {
      const service = podOf(deployments(manifests)[0] ?? expect.fail());
      const { pod, container } = jobOf(manifests, name);
      const shared = [
        'nodeSelector',
        'tolerations',
        'initContainers',
        'securityContext',
        'serviceAccountName',
      ] as const;
      for (const field of shared) expect(pod[field], field).toEqual(service[field]);
      const server = service.containers[0] ?? expect.fail();
      expect([container.image, container.resources]).toEqual([server.image, server.resources]);
      expect(container.securityContext).toEqual(server.securityContext);
      const folder = (env = server.env) => env?.find((variable) => variable.name === 'MODEL_DIR');
      expect(folder(container.env)).toEqual(folder());
      expect(pod.restartPolicy).toBe('Never');
    }
  });

  it('has a priority below that of the service, and preempts nothing', () => {
    const { metadata, ...priority } = only(onClaim, 'PriorityClass');
    expect(priority).toMatchObject({ value: -2, preemptionPolicy: 'Never' });
    expect(jobOf(onClaim, 'ofa-ve-archive').pod.priorityClassName).toBe(metadata.name);
    expect(podOf(deployments(onClaim)[0] ?? expect.fail()).priorityClassName).toBeUndefined();
    expect(jobOf(onS3, 'ofa-ve-catalogue').pod.priorityClassName).toBe('batch');
  });

  it('is selected by nothing that selects the pods of the service', () => {
    const { spec } = jobOf(onS3, 'ofa-ve-catalogue');
    const labels = spec.template.metadata?.labels ?? expect.fail();
    const selectorOf = ({ spec: its }: Manifest): Labels[] => {
      const { selector, podSelector } = (its ?? {}) as Record<string, Labels & { matchLabels?: Labels }>;
      const found = selector ?? podSelector;
      return found === undefined ? [] : [found.matchLabels ?? found];
    };
    const selecting = onS3.filter((manifest) => selectorOf(manifest).some((selector) => picks(selector, labels)));
    expect(selecting.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'NetworkPolicy ofa-ve-catalogue',
    ]);
  });

  it('reads and writes a claim, and connects to DNS alone', () => {
    const { pod, container } = jobOf(onClaim, 'ofa-ve-archive');
    expect(pod.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'archive' } });
    expect(container.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
    const { policyTypes, egress } = only(onClaim, 'NetworkPolicy', 'ofa-ve-archive')['spec'] as Record<
      string,
      unknown[]
    >;
    expect([policyTypes, egress?.length]).toEqual([['Ingress', 'Egress'], 1]);
  });

  it('reads and writes a bucket with the credentials of a Secret, and connects to its store', () => {
    const { pod, container } = jobOf(onS3, 'ofa-ve-catalogue');
    const key = (name: string) => ({ name, valueFrom: { secretKeyRef: { name: 'shop-bucket', key: name } } });
    expect(container.env).toEqual(
      expect.arrayContaining([
        { name: 'AWS_REGION', value: 'eu-central-1' },
        { name: 'AWS_ENDPOINT_URL_S3', value: 'http://minio.storage:9000' },
        key('AWS_ACCESS_KEY_ID'),
        key('AWS_SECRET_ACCESS_KEY'),
      ]),
    );
    expect(pod.volumes?.map(({ name }) => name)).not.toContain('data');
    const { egress } = only(onS3, 'NetworkPolicy', 'ofa-ve-catalogue')['spec'] as { egress: unknown[] };
    expect(egress).toContainEqual({ ports: [{ port: 9000, protocol: 'TCP' }] });
    const { container: own } = jobOf(onS3, 'ofa-ve-archive');
    expect(own.env?.map(({ name }) => name).filter((name) => name.startsWith('AWS_'))).toEqual(['AWS_REGION']);
  });

  it('waits, or is queued by Kueue, which suspends it itself', () => {
    const waiting = ['ofa-ve-catalogue', 'ofa-ve-archive'].map((name) => {
      const { metadata, spec } = jobOf(onS3, name);
      return [spec.suspend, metadata?.labels?.['kueue.x-k8s.io/queue-name']];
    });
    expect(waiting).toEqual([
      [true, undefined],
      [undefined, 'gpu-batch'],
    ]);
  });

  it('passes arguments on as they are written', () => {
    const { container } = jobOf(onS3, 'ofa-ve-catalogue');
    // Kubernetes turns $$ into $, and $(PRICE) into a variable.
    expect(container.args).toContain('It costs $$(PRICE).');
    expect(container.args?.slice(-2)).toEqual(['--column', 'image=photo']);
  });

  it('gets the settings that a batch run reads, and no others', () => {
    expectTypeOf<Exclude<keyof ModelSettings, (typeof BATCH_SETTINGS)[number]>>().toEqualTypeOf<
      'MAX_QUEUE' | 'REQUEST_TIMEOUT_MS'
    >();
    const settings = { MAX_BATCH: 16, LOG_LEVEL: 'debug', LABELS: 'Yes,No,Maybe' } as const;
    const changes = { server: { kind: 'ofa-ve' as const, settings }, backfills: [BACKFILL] };
    const { container } = jobOf(manifestsOf(withWorkload(changes, '1.30')), 'ofa-ve-archive');
    const variables = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
    expect(variables).toMatchObject({ MAX_BATCH: '16', LABELS: 'Yes,No,Maybe', DEVICE: 'cuda' });
    expect(variables).not.toHaveProperty('LOG_LEVEL');
    expect(() => readSettings(variables)).not.toThrow();
  });
});

it('without backfills there is no Job and no PriorityClass', () => {
  const manifests = manifestsOf(scenarios.default);
  expect([ofKind(manifests, 'Job'), ofKind(manifests, 'PriorityClass')]).toEqual([[], []]);
});
