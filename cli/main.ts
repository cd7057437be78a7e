import { Command, CommanderError } from 'commander';
import { UserError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import { compileCommand } from './commands/compile.ts';
import { demoCommand } from './commands/demo.ts';
import { explainCommand } from './commands/explain.ts';
import { fetchCommand } from './commands/fetch.ts';
import { inspectCommand } from './commands/inspect.ts';
import { predictCommand } from './commands/predict.ts';
import { serveCommand } from './commands/serve.ts';
import { setupCommand } from './commands/setup.ts';

/** Exit codes of the program. */
const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

function program(): Command {
  const root = new Command('ofa-ve')
    .description('OFA visual entailment in production: compile a checkpoint, serve it, query it.')
    .version(version)
    .showHelpAfterError('(run with --help for the options)')
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted. DEBUG=1 prints the stack trace of a failure.',
    );
  const commands = [
    setupCommand(),
    fetchCommand(),
    compileCommand(),
    inspectCommand(),
    explainCommand(),
    predictCommand(),
    serveCommand(),
    demoCommand(),
  ];
  for (const command of commands) root.addCommand(command);
  for (const command of [root, ...root.commands]) command.exitOverride();
  return root;
}

async function main(): Promise<number> {
  try {
    await program().parseAsync();
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const message = error instanceof Error ? error.message : String(error);
    console.error(error instanceof UserError ? message : `Unexpected failure: ${message}`);
    if (process.env['DEBUG'] && error instanceof Error) console.error(error.stack);
    return error instanceof UserError && error.code === 'interrupted' ? EXIT.interrupted : EXIT.failed;
  }
}

// A command may have set its own exit code.
const code = await main();
if (code !== EXIT.ok) process.exitCode = code;
