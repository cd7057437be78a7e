/**
 * A whole number with commas between its thousands. `toLocaleString('en')` writes the same, but its first call takes
 * every thread 10 ms, and the limits of pictures are texts that each thread makes at its start.
 */
export function withThousands(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
