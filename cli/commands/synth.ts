import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { UserError } from '../../model/errors.ts';
import { ENVIRONMENT_VARIABLE } from '../../service/contract.ts';
import { interruptible } from '../interrupt.ts';

/** The same program that cdk8s runs. */
const PROGRAM = fileURLToPath(new URL('../../infra/main.ts', import.meta.url));
const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** `ofa-ve synth`: `npx cdk8s synth` without its stack trace after a mistake. */
export function synthCommand(): Command {
  return new Command('synth')
    .summary('write the Kubernetes manifests of a deployment')
    .description(
      'Checks infra/config.ts, or an environment of infra/environments, and writes its manifests, as `npx cdk8s synth` does. Prints the commands that a change needs before and after kubectl apply, compared with what the folder held and with the last commit.',
    )
    .option(
      '--environment <name>',
      `file of infra/environments; by default that of the variable ${ENVIRONMENT_VARIABLE}, or infra/config.ts`,
    )
    .option(
      '--output <folder>',
      'folder for the manifests; those that it holds are removed (default: dist, for an environment environments/NAME/dist)',
    )
    .addOption(
      new Option('--all', 'write dist and the folder of each environment').conflicts(['environment', 'output']),
    )
    .action(async ({ environment, output, all }: { environment?: string; output?: string; all?: true }) => {
      if (!existsSync(PROGRAM)) {
        throw new UserError(
          'input-unreadable',
          'The folder infra is missing: run this command in a clone of the repository, after npm ci.',
        );
      }
      const args = [
        ...(environment === undefined ? [] : ['--environment', environment]),
        ...(output === undefined ? [] : ['--output', output]),
        ...(all === undefined ? [] : ['--all']),
      ];
      process.exitCode = await interruptible((signal) => synthesize(args, signal));
    });
}

/** Runs the program; it is ended with this one, and would otherwise write manifests after that. */
async function synthesize(args: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [RUN, PROGRAM, ...args], { stdio: 'inherit' });
  signal.addEventListener('abort', () => child.kill());
  const [code] = (await once(child, 'exit')) as [number | null];
  if (signal.aborted) {
    throw new UserError('interrupted', 'Interrupted; some manifests may be missing: run the same command again.');
  }
  return code ?? 1;
}
