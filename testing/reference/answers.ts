/**
 * The tokens that may follow the first `length` tokens of an answer: every token that continues an answer with the same
 * beginning, and `end` if such an answer ends there. Ascending, without duplicates.
 */
export function allowedAfter(
  answers: readonly (readonly number[])[],
  answer: readonly number[],
  length: number,
  end: number,
): number[] {
  const allowed = new Set<number>();
  for (const other of answers) {
    const sameBeginning = other.length >= length && answer.slice(0, length).every((token, i) => token === other[i]);
    if (sameBeginning) allowed.add(other[length] ?? end);
  }
  return [...allowed].sort((left, right) => left - right);
}
