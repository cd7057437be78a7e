import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UserError } from '../../model/errors.ts';

/** Tells run-benchmark.ts that what was printed is a whole report, whether or not a target was missed. */
export const WHOLE = 'whole';

/**
 * Runs a program, or prints its help if it is asked for with --help. If it throws, the error's message is printed and
 * the process ends with 1, whatever is still open, such as the channel to a child.
 *
 * @param help @default the comment at the program's top
 */
export async function runProgram(main: () => Promise<void> | void, help?: string): Promise<void> {
  if (process.argv.slice(2).includes('--help')) {
    console.log(help ?? topComment(process.argv[1] ?? ''));
    return;
  }
  try {
    await main();
    process.send?.(WHOLE);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

function topComment(program: string): string {
  const [comment = ''] = /^(?:\/\/ .*\n)*/.exec(readFileSync(program, 'utf8')) ?? [];
  return comment.replace(/^\/\/ /gm, '').trimEnd();
}

/**
 * The arguments of a program that takes no options.
 *
 * @param most how many it takes
 * @throws Error if one is an option, or one too many
 */
export function programArguments(most: number): string[] {
  const { positionals } = parseArgs({ allowPositionals: true });
  refuseSurplus(positionals, most);
  return positionals;
}

/** @throws UserError if there are more arguments than a program takes */
export function refuseSurplus(given: readonly string[], most: number): void {
  const surplus = given.at(most);
  if (surplus === undefined) return;
  const takes = most === 0 ? 'this takes none' : `this takes at most ${most}`;
  throw new UserError('settings-invalid', `"${surplus}" is one argument too many: ${takes}, see --help.`);
}

/** The value of an argument or option that takes a whole number from 1. */
export function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UserError('settings-invalid', `${name} is "${text}" but must be a whole number from 1 to 999999.`);
}
