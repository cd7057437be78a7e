import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What a command printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl in a cluster. */
export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;

  constructor(program: string, kubeconfig: string) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
  }

  /** Runs a command to its end, however it ends. */
  async attempt(args: readonly string[]): Promise<Outcome> {
    const env = { ...process.env, KUBECONFIG: this.#kubeconfig };
    const options = { env, maxBuffer: 64 * 2 ** 20 };
    try {
      return { code: 0, ...(await promisify(execFile)(this.#program, args, options)) };
    } catch (error) {
      const { code, stdout, stderr } = error as Partial<Outcome>;
      if (typeof code !== 'number') throw error;
      return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
    }
  }

  /**
   * Runs a command.
   *
   * @returns what it printed to stdout
   * @throws Error unless it exits with 0
   */
  async run(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.attempt(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }
}
