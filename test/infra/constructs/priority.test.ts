import { describe, expect, it } from 'vitest';
import { extend, type DeploymentConfig } from '../../../infra/config.ts';
import { deployments, manifestsOf, ofKind, only, podOf } from '../manifests.ts';
import { scenarios, withWorkload } from '../scenarios.ts';

describe('priority of a canary', () => {
  const prioritiesOf = (config: DeploymentConfig): (string | undefined)[] =>
    deployments(manifestsOf(config)).map((deployment) => podOf(deployment).priorityClassName);

  it('is below that of pods without a PriorityClass, and evicts nobody', () => {
    const config = scenarios['canary-gateway'];
    expect(prioritiesOf(config)).toEqual([undefined, 'canary.ofa-ve.ofa-ve']);
    expect(only(manifestsOf(config), 'PriorityClass', 'canary.ofa-ve.ofa-ve')).toMatchObject({
      value: -1,
      preemptionPolicy: 'Never',
    });
  });

  it('has a class that no other workload of the cluster has, with a name that the API server accepts', () => {
    const classOf = (namespace: string, name: string): string =>
      only(
        manifestsOf(
          extend(withWorkload({ name, canary: { enabled: true, weightPercent: 10 } }), {
            namespace: { name: namespace },
          }),
        ),
        'PriorityClass',
      ).metadata.name;
    expect(classOf('a-b', 'c')).not.toBe(classOf('a', 'b-c'));
    // ValidatePriorityClass of k8s.io/kubernetes keeps this prefix for the system.
    expect(classOf('system-models', 'c')).not.toMatch(/^system-/);
    expect(classOf('c', 'system-models')).not.toMatch(/^system-/);
  });

  it('leaves that of the stable version alone', () => {
    expect(prioritiesOf(scenarios.everything)).toEqual(['serving', 'canary.ofa-ve.ofa-ve']);
  });

  it('is that of an existing class where one is named, and none is created', () => {
    const config = withWorkload({ canary: { enabled: true, priorityClassName: 'low' } });
    expect(prioritiesOf(config)).toEqual([undefined, 'low']);
    expect(ofKind(manifestsOf(config), 'PriorityClass')).toEqual([]);
  });
});
