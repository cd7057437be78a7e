import { describe, expect, it } from 'vitest';
import { deployments, manifestsOf, podOf } from '../manifests.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

const MOVABLE = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/** The volumes that the cluster autoscaler may lose with the pod. */
function movableVolumes({ spec }: ReturnType<typeof deployments>[number]): string | undefined {
  return spec?.template.metadata?.annotations?.[MOVABLE];
}

describe('the cluster autoscaler', () => {
  it.each(Object.entries(scenarios))('may empty the nodes of %s', (_name, config) => {
    const all = deployments(manifestsOf(config));
    expect(all.length).toBeGreaterThan(0);
    for (const deployment of all) {
      const local = (podOf(deployment).volumes ?? []).filter(({ emptyDir }) => emptyDir !== undefined);
      expect(local.length).toBeGreaterThan(0);
      expect(movableVolumes(deployment)?.split(',')).toEqual(local.map((volume) => volume.name));
    }
  });

  it('keeps the nodes where the configuration says so', () => {
    const [kept] = deployments(manifestsOf(withWorkload({ pod: { annotations: { [MOVABLE]: 'none' } } })));
    expect(movableVolumes(kept ?? expect.fail())).toBe('none');
  });
});
