import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sourceFlags } from '../../model/source-flags.ts';
import type { EntailmentItem } from './entailment-items.ts';

/** What a run took and answered. */
export interface RunnerResult {
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
  readonly probabilities: readonly number[];
}

/** A process that has a model loaded and answers one question at a time. */
export interface Runner {
  ask(item: EntailmentItem): Promise<RunnerResult>;
  stop(): void;
}

/**
 * Starts a process that runs a package with the engine's options, and does nothing else.
 *
 * @param env added to its environment
 */
export function startPackageRunner(packageFolder: string, env: Readonly<Record<string, string>> = {}): Runner {
  const script = fileURLToPath(new URL('package-runner.ts', import.meta.url));
  const child = fork(script, [packageFolder], {
    execArgv: [...sourceFlags(script)],
    env: { ...process.env, ...env },
  });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`The process that runs ${packageFolder} ended.`);
  });
  failed.catch(() => undefined);
  return {
    async ask(item) {
      child.send(item);
      const [result] = (await Promise.race([once(child, 'message'), failed])) as [RunnerResult];
      return result;
    },
    stop() {
      child.kill();
    },
  };
}

/**
 * Lets runners answer the same questions in turn.
 *
 * @param items of each side, the same questions in the same order
 * @returns the results of each side, in the order of the rounds
 */
export async function alternate<Side extends string>(
  runners: ReadonlyMap<Side, Runner>,
  items: (side: Side) => readonly EntailmentItem[],
  rounds: number,
): Promise<Map<Side, RunnerResult[]>> {
  const results = new Map<Side, RunnerResult[]>([...runners.keys()].map((side) => [side, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [side, runner] of runners) {
      const questions = items(side);
      const item = questions[Math.max(0, round) % questions.length];
      if (item === undefined) throw new Error('There are no questions.');
      const result = await runner.ask(item);
      // The first run is slower.
      if (round >= 0) results.get(side)?.push(result);
    }
    console.error(`round ${round + 1} of ${rounds}`);
  }
  return results;
}
