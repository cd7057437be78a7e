import { availableParallelism, cpus } from 'node:os';

/** The processor, its threads and the version of Node.js, for a line of output. */
export function machine(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} threads, Node ${process.version}`;
}

/** The value below which a share of the values lies, from 0 (the smallest) over 0.5 (the median) to 1 (the largest). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
}

/** Bytes in GiB. */
export function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
