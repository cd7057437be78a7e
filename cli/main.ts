import { Command, CommanderError } from 'commander';
import { echo } from '../model/echo.ts';
import { EXIT, exitCodeOf, UserError } from '../model/errors.ts';
import { version } from '../model/version.ts';
import { refuseEmptyValues } from '../model/options/empty-values.ts';

/** Each command is in a module of its own, which is loaded only when it is used: some take a second to load. */
const COMMANDS = {
  setup: async () => (await import('./commands/setup.ts')).setupCommand(),
  fetch: async () => (await import('./commands/fetch.ts')).fetchCommand(),
  compile: async () => (await import('./commands/compile.ts')).compileCommand(),
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand(),
  explain: async () => (await import('./commands/explain.ts')).explainCommand(),
  predict: async () => (await import('./commands/predict.ts')).predictCommand(),
  batch: async () => (await import('./commands/batch.ts')).batchCommand(),
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  synth: async () => (await import('./commands/synth.ts')).synthCommand(),
  plan: async () => (await import('./commands/plan.ts')).planCommand(),
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
} as const;
type CommandName = keyof typeof COMMANDS;

/** @param name the first argument, which should be a command */
async function program(name: string): Promise<Command> {
  const root = new Command('ofa-ve')
    .description('OFA visual entailment in production: compile a checkpoint, serve it, query it.')
    .version(version)
    // A command of a command may have options of the same names.
    .enablePositionalOptions()
    .hook('preAction', (_, command) => {
      refuseEmptyValues(command);
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 success, 1 failure, 2 wrong usage or settings, 130 interrupted. DEBUG=1 prints the stack trace of a failure.',
    );
  // Help and suggestions need all commands.
  const chosen = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name as CommandName]] : Object.values(COMMANDS);
  for (const load of chosen) root.addCommand(await load());
  root.addCommand(helpCommand(root));
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ outputError }).showHelpAfterError('(run with --help for the options)');
  }
  return root;
}

/** `ofa-ve help`. Commander's own answers a wrong name with the help of the program, and knows no commands of commands. */
function helpCommand(root: Command): Command {
  return new Command('help')
    .summary('print the help of a command')
    .argument('[command...]', 'the command, such as batch, or batch merge')
    .action(async (names: string[]) => {
      let command = root;
      for (const name of names) {
        const found = command.commands.find((each) => each.name() === name);
        // Reports the unknown command, with a suggestion.
        if (found === undefined && command.commands.length > 0) await command.parseAsync([name], { from: 'user' });
        command = found ?? command.error(`error: unknown command '${names.join(' ')}'`);
      }
      command.outputHelp();
    });
}

/** Prints a usage error, which repeats arguments; Commander's own suggestion follows on a line of its own. */
function outputError(message: string, write: (text: string) => void): void {
  write(`${echo(message.trimEnd()).replace('\\n(Did you mean ', '\n(Did you mean ')}\n`);
}

/**
 * Runs a command to its end, and reports its failure.
 *
 * @param args as in `process.argv`, without the first two
 * @returns the exit code; a command may have set `process.exitCode` itself
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    await (await program(args[0] ?? '')).parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const message = echo(error instanceof Error ? error.message : String(error));
    console.error(error instanceof UserError ? message : `Unexpected failure: ${message}`);
    if (process.env['DEBUG'] && error instanceof Error) console.error(error.stack);
    return exitCodeOf(error);
  }
}
