import { InvalidArgumentError } from 'commander';

/** The parser of an option with a number; commander says which option its error is about. */
export function number(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = valueOf(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

/** The parser of an option with a whole number. */
export function wholeNumber(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = valueOf(text);
    if (Number.isSafeInteger(value) && value >= least && value <= (most ?? value)) return value;
    const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** `Number('')` would be 0. */
function valueOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text);
}
