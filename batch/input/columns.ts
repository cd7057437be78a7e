/** The columns that a run reads; all others are passed through. */
export const COLUMNS = ['id', 'image', 'text', 'texts', 'premise'] as const;

/** The name that each column has in the input. */
export type ColumnNames = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** The names of columns unless a run is told others: their own. */
export const DEFAULT_NAMES = Object.fromEntries(COLUMNS.map((name) => [name, name])) as ColumnNames;
