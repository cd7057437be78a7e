import type { RawRow } from './row.ts';

/** What writers have for a value that is absent. */
const ABSENT = '__HIVE_DEFAULT_PARTITION__';

/** The columns that a file's folders name, with their value in all of its rows. */
export type Partition = Readonly<Record<string, string | null>>;

/**
 * The columns that the folders of a partitioned table name, as Hive, Spark and Arrow write them: of
 * `day=2024-01-02/part-0.parquet`, the column `day`. The files themselves do not have them.
 *
 * @param name the path of a file in the table's folder
 */
export function partitionColumns(name: string): Partition {
  const pairs = name
    .split('/')
    .slice(0, -1)
    .flatMap((part) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(part) ?? [];
      return key === undefined || value === undefined ? [] : [[unescaped(key), unescaped(value)] as const];
    });
  return Object.fromEntries(pairs.map(([key, value]) => [key, value === ABSENT ? null : value]));
}

/** The folder that the table of a file is in, within that of all tables: the one above those that name columns. */
export function tableFolder(name: string): string {
  return `/${name}`.replace(/(?:\/[^/=]+=[^/]*)*\/[^/]*$/, '').slice(1);
}

/** Writers have %3A in place of a colon, and so on. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A row with the columns of its folders beside its own. */
export function withPartition(row: RawRow, partition: Partition): RawRow {
  return 'damage' in row || Object.keys(partition).length === 0
    ? row
    : { ...row, fields: { ...partition, ...row.fields } };
}
