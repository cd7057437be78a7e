import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../../infra/config/check.ts';
import { config, extend, ofaLarge, type Changes, type WorkloadConfig } from '../../../infra/config.ts';
import { PRESETS } from '../../../model/fetch/presets.ts';
import { environmentNames, environmentOf } from '../../../infra/environment.ts';
import { deepChange, mistakesOf } from '../mistakes.ts';

describe('the list of mistakes', () => {
  it('names all of them, one per line', () => {
    const wrong = deepChange(deepChange(config, 'workloads.0.replicas', 0), 'workloads.0.gpu.count', 'one');
    expect(() => checkConfig(wrong)).toThrow(
      [
        "The deployment's configuration has 2 mistakes:",
        '  - workloads[0].replicas is 0; it must be a whole number from 1 to 1000.',
        '  - workloads[0].gpu.count is "one"; it must be a whole number from 1 to 16.',
      ].join('\n'),
    );
  });

  it('names all fields that do not fit each other', () => {
    const wrong = deepChange(
      deepChange(config, 'workloads.0.exposure.bodyLimitMb', 1),
      'workloads.0.resources.requests.cpu',
      8,
    );
    expect(mistakesOf(wrong)).toHaveLength(2);
  });

  it('shortens a long value', () => {
    const [sentence = ''] = mistakesOf(deepChange(config, 'workloads.0.replicas', 'x'.repeat(500)));
    expect(sentence).toMatch(/^workloads\[0\]\.replicas is "x{56}\.\.\.; it must be/);
  });

  const holdsItself: Record<string, unknown> = {};
  holdsItself['self'] = holdsItself;

  it.each([
    [10n, '10n'],
    [{ most: 10n }, '{ most: 10n }'],
    [Symbol('three'), 'Symbol(three)'],
    [Math.max, '[Function: max]'],
    [holdsItself, '<ref *1> { self: [Circular *1] }'],
  ])('shows a value that JSON cannot write: %o', (value, shown) => {
    expect(mistakesOf(deepChange(config, 'workloads.0.replicas', value))).toEqual([
      `workloads[0].replicas is ${shown}; it must be a whole number from 1 to 1000.`,
    ]);
  });

  it('has one for a file that exports a function', () => {
    expect(mistakesOf(() => config)).toEqual([
      'the configuration is [Function (anonymous)]; it must be an object with the fields that infra/config declares.',
    ]);
  });
});

describe('extend', () => {
  it('merges objects, replaces lists and variants, and leaves the original alone', () => {
    const before = structuredClone(ofaLarge);
    const changed = extend(ofaLarge, {
      resources: { requests: { cpu: 3 } },
      gpu: { kind: 'none' },
      networkPolicy: { clients: [] },
    });
    expect(changed.resources.requests).toEqual({ ...ofaLarge.resources.requests, cpu: 3 });
    expect(changed.gpu).toEqual({ kind: 'none' });
    expect(changed.networkPolicy.clients).toEqual([]);
    expect(ofaLarge).toEqual(before);
  });

  it('leaves a value of a wrong type to the check, which names it', () => {
    const host = (): string => 'ofa.example.com';
    const changed = extend(ofaLarge, {
      exposure: { host, trustedProxies: [host] },
    } as unknown as Changes<WorkloadConfig>);
    expect(mistakesOf({ ...config, workloads: [extend(changed, { name: 'two' })] })).toEqual([
      expect.stringMatching(/^workloads\[0\]\.exposure\.host is \[Function: host\]; it must be a host name/),
      expect.stringMatching(
        /^workloads\[0\]\.exposure\.trustedProxies\[0\] is \[Function: host\]; it must be a network/,
      ),
    ]);
  });

  it('copies what it changes, and the changes', () => {
    const changes = { networkPolicy: { outgoing: [{ namespace: 'a', podLabels: { app: 'a' }, port: 1 }] } };
    const [first] = extend(ofaLarge, changes).networkPolicy.outgoing;
    expect(first).toEqual(changes.networkPolicy.outgoing[0]);
    expect(first?.podLabels).not.toBe(changes.networkPolicy.outgoing[0]?.podLabels);
    expect(extend(ofaLarge, { name: 'two' }).networkPolicy.dns[0]).not.toBe(ofaLarge.networkPolicy.dns[0]);
  });

  it('removes an entry of a map and an optional field', () => {
    const labelled = extend(ofaLarge, {
      scheduling: { nodeSelector: { a: '1', b: '2' }, priorityClassName: 'high' },
    });
    const changed = extend(labelled, {
      scheduling: { nodeSelector: { a: undefined }, priorityClassName: undefined },
    });
    expect(changed.scheduling.nodeSelector).toEqual({ b: '2' });
    expect(changed.scheduling).not.toHaveProperty('priorityClassName');
  });
});

const names = await environmentNames();

describe('environments', () => {
  it.each(names)('%s is valid', async (name) => {
    expect(mistakesOf((await environmentOf(name)).config)).toEqual([]);
  });

  it('default to infra/config.ts', async () => {
    expect((await environmentOf(undefined)).config).toBe(config);
    expect((await environmentOf('')).config).toBe(config);
  });

  it('are listed if there is none of a name', async () => {
    await expect(environmentOf('../config')).rejects.toThrow(
      'OFA_VE_ENV is "../config"; it must be demo, kserve, multi-model, production or unset (a file of infra/environments).',
    );
  });
});

describe('the workload of OFA-large', () => {
  it('requests the resources of the preset, which `ofa-ve fetch --help` prints', () => {
    const { gpus, requests, limits } = PRESETS.large.resources;
    expect(ofaLarge.gpu).toMatchObject({ kind: 'device', count: gpus });
    expect(ofaLarge.resources).toMatchObject({ requests, limits });
  });
});
