/**
 * The shortest of a model's input lengths that holds `tokens` tokens.
 *
 * @param lengths `text.lengths` of the manifest, ascending
 * @throws RangeError if none does
 */
export function paddedLength(lengths: readonly number[], tokens: number): number {
  const length = lengths.find((candidate) => candidate >= tokens);
  if (length === undefined) {
    throw new RangeError(`${tokens} tokens are more than the model's ${lengths.at(-1) ?? 0}`);
  }
  return length;
}
