import { UserError } from '../model/errors.ts';

/**
 * What the arguments of a program select by parts of names; all of it without arguments.
 *
 * @throws UserError if an argument selects nothing: what it was to run would seem to have passed
 */
export function selectByName(args: readonly string[], names: readonly string[]): readonly string[] {
  const unknown = args.find((part) => !names.some((name) => name.includes(part)));
  if (unknown !== undefined) {
    throw new UserError('settings-invalid', `"${unknown}" is part of no name; there are: ${names.join('; ')}.`);
  }
  return args.length === 0 ? names : names.filter((name) => args.some((part) => name.includes(part)));
}
