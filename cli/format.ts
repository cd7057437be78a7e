import { echo } from '../model/echo.ts';

/** Formats a number of bytes in decimal units: 1.9 GB, 640 kB. */
export function bytes(value: number): string {
  return `${scaled(value)}B`;
}

/** Formats a count: 473 M, 1.20 k. */
export function count(value: number): string {
  return scaled(value).trimEnd();
}

/** Formats seconds: 45 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function scaled(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T'];
  let rest = value;
  let unit = 0;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)} ${units[unit] ?? ''}`;
}

/**
 * Formats rows of cells as a table. Each column is as wide as its widest cell; `end` aligns it to the right. What a
 * terminal would obey in them is escaped: a model package may come from somebody else.
 */
export function table(cells: readonly (readonly string[])[], align: readonly ('start' | 'end')[]): string {
  const rows = cells.map((row) => row.map(echo));
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
