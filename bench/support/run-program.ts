import { UserError } from '../../model/errors.ts';

/**
 * Runs a program, or prints its help if it is asked for with --help. If it throws, its exit code is 1 and the error's
 * message is printed.
 */
export async function runProgram(main: () => Promise<void>, help?: string): Promise<void> {
  if (help !== undefined && process.argv.slice(2).includes('--help')) {
    console.log(help);
    return;
  }
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** The value of an option that takes a whole number from 1. */
export function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UserError('settings-invalid', `${option} is "${text}" but must be a whole number from 1.`);
}
