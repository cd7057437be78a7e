import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { UserError } from '../../model/errors.ts';
import { ENVIRONMENT_VARIABLE } from '../../service/contract.ts';

/** The same program that cdk8s runs. */
const PROGRAM = fileURLToPath(new URL('../../infra/main.ts', import.meta.url));
const RUN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** `ofa-ve synth`: `npx cdk8s synth` without its stack trace after a mistake. */
export function synthCommand(): Command {
  return new Command('synth')
    .summary('write the Kubernetes manifests of a deployment')
    .description(
      'Checks infra/config.ts, or an environment of infra/environments, and writes its manifests, as `npx cdk8s synth` does. Prints the commands that a change needs before and after kubectl apply, compared with what the folder held.',
    )
    .option(
      '--environment <name>',
      `file of infra/environments; by default that of the variable ${ENVIRONMENT_VARIABLE}, or infra/config.ts`,
    )
    .option('--output <folder>', 'folder for the manifests; what it holds is removed', 'dist')
    .action(async ({ environment, output }: { environment?: string; output: string }) => {
      if (!existsSync(PROGRAM)) {
        throw new UserError(
          'input-unreadable',
          'The folder infra is missing: run this command in a clone of the repository, after npm ci.',
        );
      }
      const chosen = environment === undefined ? {} : { [ENVIRONMENT_VARIABLE]: environment };
      const env = { ...process.env, ...chosen, CDK8S_OUTDIR: output };
      const child = spawn(process.execPath, [RUN, PROGRAM], { env, stdio: 'inherit' });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
      if (code === 0) for (const file of (await readdir(output)).sort()) console.log(path.join(output, file));
    });
}
