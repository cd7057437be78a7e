/**
 * Writes manifests: of the environment that OFA_VE_ENV names for `npx cdk8s synth`, which chooses the folder and names
 * the files, and of those that the options name for `npx ofa-ve synth`.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, UserError } from '../model/errors.ts';
import { orNotWritten } from '../model/not-written.ts';
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
      warningOf(environment, folderOfCdk8s) + describeSynthesis(writtenTo(environment, folderOfCdk8s)),
    );
  } else if (values.all) {
    await writeAll();
  } else {
    write(environment, values.output);
  }
}

/**
 * Writes all environments, those after one with mistakes too. What is said of one stands below its folder: they are
 * deployed to different clusters, in which their objects often have the same names.
 */
async function writeAll(): Promise<void> {
  for (const name of [undefined, ...(await environmentNames())]) {
    const environment = await environmentOf(name);
    const folder = outputFolder(environment);
    try {
      write(environment, folder, `${folder}:\n`);
    } catch (error) {
      reportMistakes(error, `${folder}:\n`);
    }
  }
}

/** Writes an environment and prints the names of its files, and under a heading what its change needs. */
function write(environment: Environment, folder = outputFolder(environment), heading = ''): void {
  const synthesis = writtenTo(environment, folder);
  const needed = describeSynthesis(synthesis);
  if (needed !== '') process.stderr.write(heading + needed);
  for (const file of synthesis.files) process.stdout.write(`${file}\n`);
}

/** @throws UserError if the folder cannot be written */
function writtenTo(environment: Environment, folder: string): ReturnType<typeof synthesize> {
  try {
    return synthesize(environment, folder);
  } catch (error) {
    throw orNotWritten(`the manifests to ${folder}`, error);
  }
}

/** Prints the mistakes of a configuration, or what else the user can mend. @throws any other error */
function reportMistakes(error: unknown, heading = ''): void {
  if (!(error instanceof ConfigError || error instanceof UserError)) throw error;
  process.stderr.write(`${heading}${error.message}\n`);
  process.exitCode = exitCodeOf(error);
}

/** Synthesizing into the folder of another deployment would compare the two, and lose the other's manifests. */
function warningOf(environment: Environment, folder: string): string {
  if (environment.name === undefined || path.resolve(folder) !== path.resolve(MANIFESTS)) return '';
  return `${MANIFESTS}/ is the folder of infra/config.ts; write ${environment.name} with --output ${outputFolder(environment)}.\n`;
}

try {
  await main();
} catch (error) {
  reportMistakes(error);
}
