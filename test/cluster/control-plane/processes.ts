import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process may take to end by itself. */
const STOP_MS = 10_000;

/** Programs that run until they are stopped, each with a log file. They end with this process, however it ends. */
export class Processes {
  readonly #folder: string;
  readonly #children: { readonly name: string; readonly child: ChildProcess }[] = [];
  readonly #killAll = (): void => {
    for (const { child } of this.#children) child.kill('SIGKILL');
  };

  /** @param folder where the logs are written */
  constructor(folder: string) {
    this.#folder = folder;
    process.once('exit', this.#killAll);
  }

  start(name: string, program: string, args: readonly string[]): void {
    const child = spawn(program, args, { cwd: this.#folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(this.#logOf(name));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#children.push({ name, child });
  }

  /** Waits until `ready` no longer throws; a process that ends meanwhile fails the wait with the end of its log. */
  async until(name: string, ready: () => Promise<unknown>, limitMs: number): Promise<void> {
    const deadline = Date.now() + limitMs;
    let cause: unknown;
    while (Date.now() < deadline) {
      const child = this.#children.find((each) => each.name === name)?.child;
      if (child?.exitCode !== null) break;
      try {
        await ready();
        return;
      } catch (error) {
        cause = error;
      }
      await sleep(250);
    }
    const log = await readFile(this.#logOf(name), 'utf8').catch(() => '');
    throw new Error(`${name} did not become ready:\n${log.slice(-4000)}`, { cause });
  }

  /** Stops all processes, the last one first. */
  async stop(): Promise<void> {
    for (const { child } of this.#children.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(kill);
    }
    process.off('exit', this.#killAll);
  }

  #logOf(name: string): string {
    return path.join(this.#folder, `${name}.log`);
  }
}
