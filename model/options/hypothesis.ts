import { InvalidArgumentError } from 'commander';
import { isBlank } from '../input/tokens.ts';

/** The parser of `--text`: a text of which the model would see nothing has no answer. */
export function hypothesis(text: string): string {
  if (isBlank(text)) throw new InvalidArgumentError('It contains no words to judge.');
  return text;
}
