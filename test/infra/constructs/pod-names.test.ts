import { describe, expect, it } from 'vitest';
import { checkedContexts } from '../../../infra/app.ts';
import { deploymentName, podNamePattern } from '../../../infra/workload/names.ts';
import { withWorkload } from '../scenarios.ts';

/** Suffix and name of a pod as `SimpleNameGenerator` of k8s.io/apiserver makes them, from the name of a ReplicaSet. */
const podOf = (replicaSet: string) => `${`${replicaSet}-`.slice(0, 58)}x7k2p`;

describe('the pattern of the names of pods', () => {
  const cases = [1, 29, 30, 36, 37, 39, 40].flatMap((length) =>
    [false, true].map((enabled) => [length, enabled] as const),
  );

  it.each(cases)('matches those of a workload whose name has %i characters, with KServe: %s', (length, enabled) => {
    const config = withWorkload({
      name: 'a'.repeat(length),
      kserve: { enabled },
      exposure: { route: 'gateway' },
      networkPolicy: { clients: [{ namespace: 'gateway-system', podLabels: {} }] },
      canary: { enabled: true },
    });
    const [context = expect.fail()] = checkedContexts(config);
    for (const hash of ['5d8f7c9b', '5d8f7c9b4', '65d8f7c9b4']) {
      for (const [track, other] of [
        ['stable', 'canary'],
        ['canary', 'stable'],
      ] as const) {
        const pod = podOf(`${deploymentName(context, track)}-${hash}`);
        expect(pod).toMatch(new RegExp(`^(?:${podNamePattern(context, track)})$`));
        expect(pod).not.toMatch(new RegExp(`^(?:${podNamePattern(context, other)})$`));
      }
    }
  });
});
