import { describe, expect, it } from 'vitest';
import { FeatureStore } from '../../../../service/engine/session/feature-store.ts';

const LENGTH = 1000;
const BYTES = LENGTH * 4;
const featuresOf = (number: number): Float32Array => new Float32Array(LENGTH).fill(number);
/** The numbers, of `count`, whose features are kept, having checked that they are theirs. */
const keptOf = (store: FeatureStore, count: number): number[] =>
  Array.from({ length: count }, (_, number) => number).filter((number) => {
    const kept = store.get(String(number));
    if (kept !== undefined) expect(kept).toEqual(featuresOf(number));
    return kept !== undefined;
  });

describe('the feature store', () => {
  it('keeps copies of the features that were used last, across blocks of memory', () => {
    const store = new FeatureStore(LENGTH, 700 * BYTES);
    const reused = featuresOf(0);
    for (let number = 0; number < 900; number++) {
      store.set(String(number), reused.fill(number));
      store.get('5');
    }
    const expected = [5, ...Array.from({ length: 699 }, (_, index) => 201 + index)];
    expect(keptOf(store, 900)).toEqual(expected);
  });

  it('keeps the first features of an image', () => {
    const store = new FeatureStore(LENGTH, 2 * BYTES);
    store.set('0', featuresOf(0));
    store.set('0', featuresOf(7));
    store.set('1', featuresOf(1));
    expect(keptOf(store, 2)).toEqual([0, 1]);
  });

  it('keeps at most 1000, however small', () => {
    const store = new FeatureStore(1, 1e6);
    for (let number = 0; number < 1500; number++) store.set(String(number), Float32Array.of(number));
    const kept = Array.from({ length: 1500 }, (_, number) => store.get(String(number))?.[0]);
    expect(kept.filter((value) => value !== undefined)).toEqual(Array.from({ length: 1000 }, (_, at) => 500 + at));
  });

  it('refuses features of another size, and keeps the others', () => {
    const store = new FeatureStore(LENGTH, BYTES);
    store.set('0', featuresOf(0));
    expect(() => {
      store.set('1', new Float32Array(LENGTH - 1));
    }).toThrow(RangeError);
    expect(keptOf(store, 2)).toEqual([0]);
  });

  it('keeps nothing where there is no room for one', () => {
    const store = new FeatureStore(LENGTH, BYTES - 1);
    store.set('0', featuresOf(0));
    expect(store.get('0')).toBeUndefined();
  });
});
