/**
 * Writes manifests: of the environment that OFA_VE_ENV names for `npx cdk8s synth`, which chooses the folder and names
 * the files, and of those that the options name for `npx ofa-ve synth`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ENVIRONMENT_VARIABLE } from '../service/contract.ts';
import { ConfigError } from './config/check.ts';
import { environmentNames, environmentOf, MANIFESTS, outputFolder, type Environment } from './environment.ts';
import { describeSynthesis } from './changes/describe-steps.ts';
import { synthesize } from './synthesize.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { all: { type: 'boolean', default: false }, environment: { type: 'string' }, output: { type: 'string' } },
  });
  const environment = await (values.environment === undefined
    ? environmentOf(process.env[ENVIRONMENT_VARIABLE])
    : environmentOf(values.environment, '--environment'));
  const folderOfCdk8s = process.env['CDK8S_OUTDIR'];
  if (folderOfCdk8s !== undefined) {
    process.stderr.write(
      warningOf(environment, folderOfCdk8s) + describeSynthesis(synthesize(environment, folderOfCdk8s)),
    );
  } else if (values.all) {
    for (const name of [undefined, ...(await environmentNames())]) write(await environmentOf(name));
  } else {
    write(environment, values.output);
  }
}

/** Writes an environment and prints the names of its files. */
function write(environment: Environment, folder = outputFolder(environment)): void {
  const synthesis = synthesize(environment, folder);
  process.stderr.write(describeSynthesis(synthesis));
  for (const file of synthesis.files) process.stdout.write(`${file}\n`);
}

/** Synthesizing into the folder of another deployment would compare the two, and lose the other's manifests. */
function warningOf(environment: Environment, folder: string): string {
  if (environment.name === undefined || path.resolve(folder) !== path.resolve(MANIFESTS)) return '';
  return `${MANIFESTS}/ is the folder of infra/config.ts; write ${environment.name} with --output ${outputFolder(environment)}.\n`;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
