import { deploymentApp } from './app.ts';
import { ConfigError } from './config/check.ts';
import { chosenConfig } from './choose-environment.ts';

try {
  deploymentApp(await chosenConfig(process.env)).synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
