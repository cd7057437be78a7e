import { Batcher, type Quarantine } from '../../../../service/inference/batching/batcher.ts';
import { FakeEngine } from '../fake-engine.ts';

export const SHORT = 12;
export const LONG = 20;

/** A batcher with engines that the test controls. */
export interface Setup {
  /** The first of the engines. */
  readonly engine: FakeEngine;
  readonly engines: readonly FakeEngine[];
  readonly batcher: Batcher<number, string>;
  /** Submits the items of one request. */
  readonly submit: (items: number[], options?: { length?: number; signal?: AbortSignal }) => Promise<string>[];
}

interface SetupOptions {
  readonly maxBatch?: number;
  readonly now?: () => number;
  readonly quarantine?: Quarantine<number>;
}

/** @param count engines @default 1 */
export function setup({ count = 1, ...options }: SetupOptions & { readonly count?: number } = {}): Setup {
  const engine = new FakeEngine();
  const engines = [engine, ...Array.from({ length: count - 1 }, () => new FakeEngine())];
  const batcher = new Batcher<number, string>({ engines, maxBatch: 4, ...options });
  return {
    engine,
    engines,
    batcher,
    submit: (items, { length = SHORT, signal = new AbortController().signal } = {}) =>
      batcher.submit(
        items.map((item) => ({ item, length })),
        signal,
      ),
  };
}
