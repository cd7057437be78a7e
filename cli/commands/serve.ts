import path from 'node:path';
import { Command } from 'commander';
import { type Example, readExamples } from '../../demo/examples.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { UserError } from '../../model/errors.ts';
import { describeSettings, ignoredSettings, readSettings } from '../../service/settings/read.ts';
import type { RunningService } from '../../service/lifecycle/start-service.ts';
import { misspeltSettings } from '../../service/settings/suggest.ts';
import { runService } from '../../service/lifecycle/run-service.ts';
import { givenModel, type ModelOptions, withModelOptions } from '../model-options.ts';

interface ServeOptions extends ModelOptions {
  readonly port?: string;
}

/** `ofa-ve serve`: serves predictions over HTTP and gRPC until a signal stops it. */
export function serveCommand(): Command {
  return withModelOptions(new Command('serve'))
    .summary('serve predictions over HTTP and gRPC')
    .description(
      'Serves predictions of a model package over HTTP and gRPC. Settings are environment variables; --model and --port set two of them. SIGTERM, SIGINT (Ctrl-C) or SIGHUP (a closed terminal) drains it: it answers what it has accepted, after SIGTERM also what arrives within DRAIN_DELAY_MS, and exits with 0. A further signal, after half a second, ends it at once.',
    )
    .option('--port <number>', 'port for predictions (PORT)')
    .addHelpText('after', () => `\nSettings (environment variables):\n${describeSettings()}`)
    .action(async (options: ServeOptions) => {
      const given = givenModel(options);
      const demo = options.demo === true && given === '';
      const settings = readSettings({
        ...process.env,
        MODEL_DIR: demo ? await demoPackage() : given,
        ...(options.port === undefined ? {} : { PORT: options.port }),
      });
      if (settings.MODEL_DIR === '') {
        throw new UserError(
          'settings-invalid',
          'MODEL_DIR is not set; give a model package with --model, or use --demo for the small model that ships with ofa-ve.',
        );
      }
      const [example] = demo ? await readExamples() : [];
      const onReady = ({ port }: RunningService): void => {
        if (options.demo === true) console.error(welcome(port, example));
      };
      const code = await runService(settings, onReady, {
        warnings: [...misspeltSettings(process.env), ...ignoredSettings(process.env)],
      });
      // Not process.exitCode: an unresponsive trace collector would keep the process alive.
      process.exit(code);
    });
}

/** The page's address and a command that can be copied as it is. */
function welcome(port: number, example: Example | undefined): string {
  const address = `http://localhost:${port}`;
  const lines = [`Ready: ${address}/ is a page to try it, ${address}/docs documents the API.`];
  const sentence = example?.sentences[0];
  if (example && sentence) {
    const file = path.relative(process.cwd(), example.file);
    const quoted = sentence.hypothesis.replaceAll("'", String.raw`'\''`);
    lines.push('Try:', `  curl ${address}/predict -F image=@${file} -F text='${quoted}'`);
  }
  return `\n${lines.join('\n')}\n`;
}
