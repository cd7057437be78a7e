import { UserError } from '../model/errors.ts';

/** One of several runs that share an input. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** Rows from `first` to `end`, without `end`; both count from 0 over the whole input. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/** The rows of a part file. */
export interface Part extends RowRange {
  /** Its number in the run, from 0. */
  readonly index: number;
}

/**
 * Reads the options that choose a shard.
 *
 * @param shard `I/N`: shard I of N, from 0
 * @param shards N; I is then the variable JOB_COMPLETION_INDEX, which Kubernetes sets in the pods of an indexed Job
 * @returns undefined for a run over the whole input
 * @throws UserError `settings-invalid`
 */
export function chooseShard(
  shard: string | undefined,
  shards: string | undefined,
  jobIndex: string | undefined,
): Shard | undefined {
  if (shard !== undefined && shards !== undefined) {
    throw new UserError('settings-invalid', 'Give either --shard or --shards.');
  }
  if (shard !== undefined) {
    const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(shard) ?? [];
    if (index !== undefined && Number(index) < Number(count)) return { index: Number(index), count: Number(count) };
    throw new UserError('settings-invalid', `--shard is "${shard}" but must be I/N, with I from 0 to N - 1.`);
  }
  if (shards === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(shards)) {
    throw new UserError('settings-invalid', `--shards is "${shards}" but must be a whole number from 1 to 999999.`);
  }
  if (jobIndex !== undefined && /^\d{1,6}$/.test(jobIndex) && Number(jobIndex) < Number(shards)) {
    return { index: Number(jobIndex), count: Number(shards) };
  }
  const given = jobIndex === undefined ? 'is not set' : `is "${jobIndex}"`;
  throw new UserError(
    'settings-invalid',
    `JOB_COMPLETION_INDEX ${given} but must be a whole number from 0 to ${Number(shards) - 1}. Outside of an indexed Job, use --shard I/N.`,
  );
}

/** The folder of a shard's results: `shard-0-of-4`. */
export function shardFolder({ index, count }: Shard): string {
  return `shard-${String(index).padStart(String(count - 1).length, '0')}-of-${count}`;
}

/** The rows of a shard. Ranges of all shards follow each other, and differ in length by one row at most. */
export function rangeOf({ index, count }: Shard, rows: number): RowRange {
  // Number.MAX_SAFE_INTEGER bounds rows * count.
  return { first: Math.floor((rows * index) / count), end: Math.floor((rows * (index + 1)) / count) };
}

/** The parts of a range of rows; all but the last have `partRows` rows. */
export function partsOf({ first, end }: RowRange, partRows: number): Part[] {
  const count = Math.ceil((end - first) / partRows);
  return Array.from({ length: count }, (_, index) => {
    const start = first + index * partRows;
    return { index, first: start, end: Math.min(start + partRows, end) };
  });
}
