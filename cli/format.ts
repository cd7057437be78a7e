/** Bytes for a person: 1.9 GB, 640 kB. Decimal units. */
export function bytes(value: number): string {
  return `${scaled(value, 1000)}B`;
}

/** A count for a person: 473 M, 1.2 k. */
export function count(value: number): string {
  return scaled(value, 1000).trimEnd();
}

/** Seconds for a person: 45 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
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
