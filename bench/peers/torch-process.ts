import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Runner, RunnerResult } from '../support/runners.ts';

const PROGRAM = fileURLToPath(new URL('ofa_torch.py', import.meta.url));

/** How PyTorch computes; see ofa_torch.py. */
export type TorchMode = 'modelscope' | 'best' | 'bf16';

/**
 * Starts ofa_torch.py.
 *
 * @param python a Python with requirements.txt installed
 * @param answers tokens of each answer
 */
export function startTorch(
  python: string,
  checkpoint: string,
  mode: TorchMode,
  answers: readonly (readonly number[])[],
): Runner {
  const child = spawn(python, [PROGRAM, checkpoint, mode, JSON.stringify(answers)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const failed = once(child, 'exit').then(() => {
    throw new Error(`PyTorch (${mode}) ended; install bench/peers/requirements.txt.`);
  });
  failed.catch(() => undefined);
  return {
    async ask(item) {
      child.stdin.write(`${JSON.stringify(item)}\n`);
      const [line] = (await Promise.race([once(lines, 'line'), failed])) as [string];
      return JSON.parse(line) as RunnerResult;
    },
    stop() {
      child.kill();
    },
  };
}
