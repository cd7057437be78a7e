import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { WHOLE } from './run-program.ts';

const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** What a benchmark printed, and how it ended. */
export interface BenchmarkRun {
  readonly report: string;
  /** `missed`: it has measured all, and missed its target. `broken`: its report, if any, is not whole. */
  readonly end: 'met' | 'missed' | 'broken';
}

/**
 * Runs a benchmark to its end.
 *
 * @param script its file, which calls `runProgram`
 */
export async function runBenchmark(script: string, args: readonly string[]): Promise<BenchmarkRun> {
  const child = spawn(process.execPath, [RUN, script, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  if (child.stdout === null) throw new Error('no stdout');
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return { report: report.trim(), end: code === 0 ? 'met' : messages.includes(WHOLE) ? 'missed' : 'broken' };
}
