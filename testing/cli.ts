import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The program as `npx ofa-ve` runs it. */
export const PROGRAM = fileURLToPath(new URL('../bin/ofa-ve.js', import.meta.url));

/** How a run of the program ended. */
export interface CliResult {
  /** The exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ofa-ve` with these arguments to its end. */
export async function ofaVe(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (piece: Buffer) => (output.stdout += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (output.stderr += piece.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
  });
}
