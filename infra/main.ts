import { chosenConfig } from './choose-environment.ts';
import { ConfigError } from './config/check.ts';
import { describeSteps, synthesize } from './synthesize.ts';

try {
  // cdk8s-cli names the folder.
  const steps = synthesize(await chosenConfig(process.env), process.env['CDK8S_OUTDIR'] ?? 'dist');
  process.stderr.write(describeSteps(steps));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
