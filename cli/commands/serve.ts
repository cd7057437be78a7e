import { Command } from 'commander';
import { describeSettings, readSettings } from '../../service/config.ts';
import { runService } from '../../service/run.ts';

interface ServeOptions {
  readonly model?: string;
  readonly port?: string;
}

/** `ofa-ve serve`: answers over HTTP until it is told to stop. */
export function serveCommand(): Command {
  return new Command('serve')
    .summary('answer over HTTP')
    .description(
      'Answers over HTTP from a model package until SIGTERM or SIGINT. Every setting is an environment variable; the options are short for the two that are used most.',
    )
    .option('--model <package>', 'folder of the model package (MODEL_DIR)')
    .option('--port <number>', 'port for predictions (PORT)')
    .addHelpText('after', () => `\nSettings (environment variables):\n${describeSettings()}`)
    .action(async (options: ServeOptions) => {
      const settings = readSettings({
        ...process.env,
        ...(options.model === undefined ? {} : { MODEL_DIR: options.model }),
        ...(options.port === undefined ? {} : { PORT: options.port }),
      });
      process.exitCode = await runService(settings);
    });
}
