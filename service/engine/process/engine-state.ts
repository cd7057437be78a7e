import type { EngineInfo } from '../protocol.ts';
import { EngineGone, type EngineFailure } from './failure.ts';

/** What an engine is doing, as probes and metrics show it. */
export type EngineState =
  | { readonly phase: 'starting' }
  | { readonly phase: 'ready'; readonly info: EngineInfo }
  /** The engine was lost; the next one is on its way. */
  | { readonly phase: 'replacing'; readonly failure: EngineFailure }
  /** Given up, after too many failures or one that another start cannot fix: final. */
  | { readonly phase: 'failed'; readonly failure: EngineFailure }
  /** Stopped on request: final. */
  | { readonly phase: 'stopped' };

/** One engine or several; emits `state` after every change. */
interface EngineSource {
  readonly state: EngineState;
  readonly isReady: boolean;
  once(event: 'state', listener: () => void): unknown;
}

/**
 * Waits until a batch can be run.
 *
 * @throws EngineGone when no engine will become ready any more
 */
export async function whenReady(source: EngineSource): Promise<void> {
  for (;;) {
    const { state } = source;
    if (state.phase === 'failed') {
      const { isFinal, message } = state.failure;
      throw new EngineGone(isFinal ? message : `the engine failed too often: ${message}`);
    }
    if (state.phase === 'stopped') throw new EngineGone('the engine was stopped');
    if (source.isReady) return;
    await new Promise<void>((resolve) => {
      source.once('state', resolve);
    });
  }
}
