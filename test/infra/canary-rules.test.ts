import { describe, expect, it } from 'vitest';
import { extend, ofaLarge, type Changes, type WorkloadConfig } from '../../infra/config.ts';
import { mistakesOf } from './mistakes.ts';
import { withWorkload } from './scenarios.ts';

type Canary = Changes<WorkloadConfig['canary']>;

/** What synth says about a workload with a canary; nothing if it is sound. */
function mistakes(canary: Canary, changes: Changes<WorkloadConfig> = {}): readonly string[] {
  const workload = extend(extend(ofaLarge, changes), { canary: { enabled: true, ...canary } });
  return mistakesOf(withWorkload(workload, '1.34'));
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
