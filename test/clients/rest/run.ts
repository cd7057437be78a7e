import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/**
 * Runs a program to its end.
 *
 * @returns what it printed to stdout
 * @throws Error with all that it printed, unless it exits with 0
 */
export async function run(
  [program, ...args]: Command,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 64 * 2 ** 20 };
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (cause) {
    const { message, stdout = '', stderr = '' } = cause as Error & { stdout?: string; stderr?: string };
    throw new Error([message, stdout, stderr].join('\n').slice(-4000), { cause });
  }
}
