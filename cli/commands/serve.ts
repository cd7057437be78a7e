import path from 'node:path';
import { Command } from 'commander';
import { type Example, readExamples } from '../../demo/examples.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { UserError } from '../../model/errors.ts';
import { describeSettings, readSettings } from '../../service/settings/read.ts';
import type { RunningService } from '../../service/lifecycle/start-service.ts';
import { misspeltSettings } from '../../service/settings/suggest.ts';
import { runService } from '../../service/lifecycle/run-service.ts';

interface ServeOptions {
  readonly demo?: true;
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
    .option('--demo', 'without a model, serve the small one that ships with ofa-ve')
    .addHelpText('after', () => `\nSettings (environment variables):\n${describeSettings()}`)
    .action(async (options: ServeOptions) => {
      const given = options.model ?? process.env['MODEL_DIR']?.trim() ?? '';
      const demo = options.demo === true && given === '';
      const settings = readSettings({
        ...process.env,
        MODEL_DIR: demo ? await demoPackage() : given,
        ...(options.port === undefined ? {} : { PORT: options.port }),
      });
      if (settings.MODEL_DIR === '') {
        throw new UserError(
          'settings-invalid',
          'MODEL_DIR is not set; give a model package with --model, or --demo for the small model that ships with ofa-ve.',
        );
      }
      const [example] = demo ? await readExamples() : [];
      const onReady = ({ port }: RunningService): void => {
        if (options.demo === true) console.error(welcome(port, example));
      };
      const code = await runService(settings, onReady, { warnings: misspeltSettings(process.env) });
      // Not exitCode: a collector of traces that does not answer would keep the program.
      process.exit(code);
    });
}

/** Where the page is, and a command that works as it stands. */
function welcome(port: number, example: Example | undefined): string {
  const address = `http://localhost:${port}`;
  const lines = [`Ready: ${address}/ is a page to try it on, ${address}/docs says how to call it.`];
  const sentence = example?.sentences[0];
  if (example && sentence) {
    const file = path.relative(process.cwd(), example.file);
    const quoted = sentence.hypothesis.replaceAll("'", String.raw`'\''`);
    lines.push('Try:', `  curl ${address}/predict -F image=@${file} -F text='${quoted}'`);
  }
  return `\n${lines.join('\n')}\n`;
}
