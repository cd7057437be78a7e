/** Bytes for a person: 1.9 GB, 640 kB. Decimal units. */
export function bytes(value: number): string {
  return `${scaled(value, 1000)}B`;
}

/** A count for a person: 473 M, 1.2 k. */
export function count(value: number): string {
  return scaled(value, 1000).trimEnd();
}

function scaled(value: number, base: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let rest = value;
  let unit = 0;
  while (rest >= base && unit < units.length - 1) {
    rest /= base;
    unit++;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** Rows of columns, each as wide as its widest cell; numbers (`end`) are aligned on the right. */
export function table(rows: readonly (readonly string[])[], align: readonly ('start' | 'end')[]): string {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return align[column] === 'end' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}
