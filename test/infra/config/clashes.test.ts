import { describe, expect, it } from 'vitest';
import { config, demoModel, extend, ofaLarge, type Changes } from '../../../infra/config.ts';
import { mistakesOf } from '../mistakes.ts';

describe('two workloads cannot share', () => {
  it('a name, and an address', () => {
    expect(mistakesOf({ ...config, workloads: [ofaLarge, { ...demoModel, name: 'ofa-ve' }] })).toEqual([
      'workloads[1].name claims ofa-ve, which workloads[0] already has; choose another.',
      'workloads[1].name claims ofa-ve-metrics, which workloads[0] already has; choose another.',
    ]);
    expect(mistakesOf({ ...config, workloads: [ofaLarge, { ...ofaLarge, name: 'other' }] })).toEqual([
      'workloads[1].exposure.host claims ofa-api.example.com/, which workloads[0] already has; choose another.',
    ]);
  });

  it('a name that KServe derives for a canary', () => {
    const own = extend(ofaLarge, { kserve: { enabled: true }, canary: { enabled: true } });
    const named = (name: string) => extend(ofaLarge, { name, exposure: { host: 'other.example.com' } });
    for (const name of ['ofa-ve-canary', 'ofa-ve-predictor', 'ofa-ve-canary-predictor'])
      expect(mistakesOf({ ...config, workloads: [own, named(name)] }), name).toEqual([
        `workloads[1].name claims ${name}, which workloads[0] already has; choose another.`,
      ]);
  });

  it('a name that KServe would derive, but without KServe or canary', () => {
    const named = extend(ofaLarge, { name: 'ofa-ve-canary-predictor', exposure: { host: 'other.example.com' } });
    for (const own of [{ kserve: { enabled: true } }, { canary: { enabled: true } }])
      expect(mistakesOf({ ...config, workloads: [extend(ofaLarge, own), named] })).toEqual([]);
  });

  it('the name of the chart of both', () => {
    expect(mistakesOf({ ...config, workloads: [{ ...ofaLarge, name: 'base' }] })).toEqual([
      'workloads[0].name is base, the name of the chart with what the workloads share; choose another.',
    ]);
  });

  it('a prefix of a path, written in two ways', () => {
    const at = (name: string, path: string) => extend(ofaLarge, { name, exposure: { path } });
    expect(mistakesOf({ ...config, workloads: [at('one', '/a'), at('two', '/a/')] })).toEqual([
      'workloads[1].exposure.host claims ofa-api.example.com/a/, which workloads[0] already has; choose another.',
    ]);
    expect(mistakesOf({ ...config, workloads: [at('one', '/a'), at('two', '/a/b'), at('three', '/')] })).toEqual([]);
  });

  it('a Secret for the certificates of two hosts', () => {
    const at = (name: string, host: string, tls: Changes<typeof ofaLarge.exposure.ingress.tls>) =>
      extend(ofaLarge, { name, exposure: { host, path: `/${name}`, ingress: { tls: { enabled: true, ...tls } } } });
    const issued = { clusterIssuer: 'letsencrypt' };
    const [one, two] = [at('one', 'one.example.com', issued), at('two', 'two.example.com', issued)];
    expect(mistakesOf({ ...config, workloads: [one, two] })).toEqual([
      'workloads[1].exposure.ingress.tls.secretName is ofa-api-tls, which cert-manager fills with the certificate of workloads[0]; choose another.',
    ]);
    const right = [
      [one, at('two', 'two.example.com', { ...issued, secretName: 'two-tls' })],
      [one, at('two', 'one.example.com', issued)],
      // A certificate for both that somebody else fills in.
      [at('one', 'one.example.com', {}), at('two', 'two.example.com', {})],
    ];
    for (const workloads of right) expect(mistakesOf({ ...config, workloads })).toEqual([]);
  });
});
