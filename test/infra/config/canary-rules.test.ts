import { describe, expect, it } from 'vitest';
import { extend, ofaLarge, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { mistakesOf } from '../mistakes.ts';
import { withWorkload } from '../scenarios.ts';

type Canary = Changes<WorkloadConfig['canary']>;

/** What synth says about a workload with a canary; nothing if it is sound. */
function mistakes(
  canary: Canary,
  changes: Changes<WorkloadConfig> = {},
  version: DeploymentConfig['kubernetesVersion'] = '1.34',
): readonly string[] {
  const workload = extend(extend(ofaLarge, changes), { canary: { enabled: true, ...canary } });
  return mistakesOf(withWorkload(workload, version));
}

describe('the memory of a canary with a model of its own', () => {
  const { weightsBytes } = ofaLarge.model.needs;
  const modelOf = (bytes: number) => extend(ofaLarge.model, { needs: { weightsBytes: bytes } });

  it('is compared with the request, as all pods have the same', () => {
    expect(mistakes({ model: modelOf(weightsBytes) })).toEqual([]);
    expect(mistakes({ model: modelOf(10 * weightsBytes) })).toEqual([
      'workloads[0].resources.requests.memory is 5.5Gi, but the model needs 28198Mi (canary.model.needs); request at least that.',
    ]);
    expect(mistakes({ enabled: false, model: modelOf(10 * weightsBytes) })).toEqual([]);
  });

  it('must leave room for requests within the limit', () => {
    const sound: Changes<WorkloadConfig> = { resources: { limits: { memory: '5.5Gi' } } };
    expect(mistakes({ model: modelOf(weightsBytes) }, sound)).toEqual([]);
    expect(mistakes({ model: modelOf(4_200_000_000) }, sound)).toEqual([
      expect.stringMatching(
        /^workloads\[0\]\.resources\.limits\.memory is 5\.5Gi, but the model \(canary\.model\.needs\),/,
      ),
    ]);
  });
});

it('names no Secret of its registry twice', () => {
  const image = { pullSecrets: ['hub', 'hub'] };
  expect(mistakes({ image })).toEqual(['workloads[0].canary.image.pullSecrets has hub twice; leave one out.']);
  expect(mistakes({ enabled: false, image })).toEqual([]);
});

describe('the claim of a canary', () => {
  const claim = (accessMode: 'ReadWriteOnce' | 'ReadWriteMany') =>
    extend(ofaLarge.model, {
      source: {
        ...{ kind: 'claim', size: '10Gi', accessMode, version: '1.0' },
        ...{ loaderImage: 'ofa:1', loaderFolder: '/package' },
      },
    });
  const ONE_POD = { replicas: 1, autoscaling: { by: 'none' } } as const;
  const sentence = (path: string, pods: number) =>
    `workloads[0].${path}.source.accessMode is ReadWriteOnce, which only one node at a time can mount, but there may be ${pods} pods; use ReadWriteMany.`;

  it('is that of the stable version, whose pods count, too', () => {
    expect(mistakes({}, { ...ONE_POD, model: claim('ReadWriteOnce') })).toEqual([sentence('model', 2)]);
    expect(mistakes({}, { ...ONE_POD, model: claim('ReadWriteMany') })).toEqual([]);
    expect(mistakes({ enabled: false }, { ...ONE_POD, model: claim('ReadWriteOnce') })).toEqual([]);
  });

  it('may be its own, which all of its pods mount', () => {
    expect(mistakes({ replicas: 3, model: claim('ReadWriteOnce') })).toEqual([sentence('canary.model', 3)]);
    expect(mistakes({ replicas: 1, model: claim('ReadWriteOnce') })).toEqual([]);
  });

  it('is described alike by both', () => {
    const stable = { model: claim('ReadWriteMany') };
    const own = (changes: object) => {
      const model = claim('ReadWriteMany');
      return { model: { ...model, source: { ...model.source, version: '1.1', ...changes } } };
    };
    expect(mistakes(own({ size: '10240Mi' }), stable)).toEqual([]);
    expect(mistakes(own({ size: '20Gi', accessMode: 'ReadWriteOnce', storageClassName: 'fast' }), stable)).toEqual([
      'workloads[0].canary.model.source.size is 20Gi, but model.source.size is 10Gi, and the pods of both mount one claim; write the same in both.',
      'workloads[0].canary.model.source.accessMode is ReadWriteOnce, but model.source.accessMode is ReadWriteMany, and the pods of both mount one claim; write the same in both.',
      'workloads[0].canary.model.source.storageClassName is fast, but model.source.storageClassName is missing, and the pods of both mount one claim; write the same in both.',
    ]);
    expect(mistakes({ enabled: false, ...own({ size: '20Gi' }) }, stable)).toEqual([]);
  });

  it('is not mounted by a canary with the model in its image', () => {
    const stable = { ...ONE_POD, model: claim('ReadWriteOnce') };
    expect(mistakes({ replicas: 3, model: ofaLarge.model }, stable)).toEqual([]);
  });
});

describe('a rollout by shares of the pods', () => {
  const FOUR = { autoscaling: { minReplicas: 4 } } as const;

  it('must move the canary, too, which has fewer pods', () => {
    const rollout = { maxSurge: '25%', maxUnavailable: '25%' } as const;
    expect(mistakes({ replicas: 4 }, { ...FOUR, rollout })).toEqual([]);
    expect(mistakes({ replicas: 1 }, { ...FOUR, rollout })).toEqual([
      'workloads[0].rollout.maxUnavailable is 25%, which is 0 of 1 pods of the canary: without a spare GPU a rollout would wait forever; set it to 1.',
    ]);
  });

  it('replaces one pod at a time where the share comes to none and there is no surge', () => {
    expect(mistakes({}, { rollout: { maxSurge: 0, maxUnavailable: '25%' } })).toEqual([]);
    expect(mistakes({}, { rollout: { maxSurge: '0%', maxUnavailable: '1%' } })).toEqual([]);
    expect(mistakes({}, { rollout: { maxSurge: '0%', maxUnavailable: '0%' } })).toEqual([
      'workloads[0].rollout.maxUnavailable and rollout.maxSurge are both 0, so no pod could ever be replaced; set one of them to 1.',
    ]);
  });
});

describe('the image volume of a canary', () => {
  const source = { kind: 'oci-volume', reference: 'ofa:1', pullPolicy: 'Always' } as const;
  const model = extend(ofaLarge.model, { source });

  it('needs the version that the stable one needs', () => {
    expect(mistakes({ model }, {}, '1.33')).toEqual([]);
    expect(mistakes({ model }, {}, '1.32')).toEqual([
      'workloads[0].canary.model.source.kind is oci-volume, which needs Kubernetes 1.33, but kubernetesVersion is 1.32; set it to 1.33 if all clusters have that or a later one, or use image or claim.',
    ]);
    expect(mistakes({ enabled: false, model }, {}, '1.32')).toEqual([]);
  });
});

describe('the PriorityClass of a canary', () => {
  it('must not be that of the stable version, whose rollout could then wait for the canary', () => {
    const scheduling = { priorityClassName: 'serving' };
    expect(mistakes({ priorityClassName: 'low' }, { scheduling })).toEqual([]);
    expect(mistakes({ priorityClassName: 'serving' }, { scheduling })).toEqual([
      'workloads[0].canary.priorityClassName is serving, that of the stable version; choose a lower one, or leave it out.',
    ]);
  });
});
