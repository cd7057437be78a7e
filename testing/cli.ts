import { spawn } from 'node:child_process';
import { format } from 'node:util';
import { vi } from 'vitest';
import { main } from '../cli/main.ts';
import { PROGRAM } from './service-process.ts';

/** How a run of the program ended. */
export interface CliResult {
  /** The exit code, or null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `ofa-ve` with these arguments to its end, in this process: a process of its own takes a second to start. One run
 * at a time; what engines write to their standard error is not in the result.
 */
export async function ofaVe(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
  const output = { stdout: '', stderr: '' };
  const write = (stream: keyof typeof output) => (text: unknown) => {
    output[stream] += String(text);
    return true;
  };
  const print =
    (stream: keyof typeof output) =>
    (...values: unknown[]): void => {
      output[stream] += `${format(...values)}\n`;
    };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(write('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(write('stderr')),
    vi.spyOn(console, 'log').mockImplementation(print('stdout')),
    vi.spyOn(console, 'error').mockImplementation(print('stderr')),
  ];
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  try {
    const code = await main(args);
    return { code: code === 0 ? Number(process.exitCode ?? 0) : code, ...output };
  } finally {
    for (const [name, value] of before) vi.stubEnv(name, value);
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

/** As {@link ofaVe}, in a process of its own. */
export async function ofaVeProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> {
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
