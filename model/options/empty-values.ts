import type { Command, Option } from 'commander';

/** Options whose values are texts of a question: a premise may be empty, and `--text` says itself what it must be. */
const TEXTS = ['--text', '--premise'];

/**
 * Ends a command with a usage error if an option or argument is an empty text. That is mostly a variable of the shell that
 * is not set, and would be taken for the working folder, for the default, or for a file without a name.
 */
export function refuseEmptyValues(command: Command): void {
  const empty = command.options.find((option) => isEmpty(option, command));
  if (empty !== undefined) {
    command.error(`error: option '${empty.flags}' argument '' is invalid. It must not be empty.`);
  }
  const index = command.args.indexOf('');
  if (index < 0) return;
  const name = (command.registeredArguments[index] ?? command.registeredArguments.at(-1))?.name() ?? '';
  command.error(`error: command-argument value '' is invalid for argument '${name}'. It must not be empty.`);
}

function isEmpty(option: Option, command: Command): boolean {
  const value: unknown = command.getOptionValue(option.attributeName());
  return [value].flat().includes('') && !TEXTS.includes(option.long ?? '');
}
