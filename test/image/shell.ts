import { spawn } from 'node:child_process';

/** What a program printed and how it ended. */
export interface Finished {
  readonly code: number;
  readonly output: string;
}

export interface RunOptions {
  /** Longest time, in milliseconds; past it the program is killed. Default: ten minutes. */
  readonly timeoutMs?: number;
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Whether the output is shown as it comes. Default: false. */
  readonly show?: boolean;
}

const TIMEOUT_MS = 600_000;

/** Runs a program to its end, whatever its exit code; stdout and stderr together. */
export async function attempt(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
      if (options.show === true) process.stdout.write(chunk);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n(killed by ${signal})`;
      resolve({ code: code ?? -1, output });
    });
  });
}

/** Runs a program and gives its output, trimmed. @throws Error with the output when it fails */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await attempt(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`);
  return output.trim();
}

/** Whether a program can be found and says its version. */
export async function has(command: string): Promise<boolean> {
  return await attempt(command, ['--version']).then(
    ({ code }) => code === 0,
    () => false,
  );
}

/** Says what is being done. */
export function step(text: string): void {
  console.log(`\n== ${text}`);
}
