import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/**
 * A processor's name. Virtual machines call generations of very different speed by one, so on x86 with Linux its family
 * and model in hexadecimal follow (AMD's 1A is Zen 5, 19 is Zen 3 and 4).
 */
export function processorName(): string {
  const name = cpus()[0]?.model.trim() ?? 'unknown processor';
  const details = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const [family, model] = ['cpu family', 'model'].map((field) => {
    const [, number] = new RegExp(`^${field}\\s*: (\\d+)$`, 'm').exec(details) ?? [];
    return number && Number(number).toString(16).toUpperCase();
  });
  return family && model ? `${name} (family ${family}, model ${model})` : name;
}

/** The processor, its threads, the memory, the version of Node.js and today's date, for a line of output. */
function machine(): string {
  const processor = `${processorName()}, ${availableParallelism()} threads`;
  const day = new Date().toISOString().slice(0, 10);
  return `${processor}, ${gibibytes(totalmem(), 0)}, Node.js ${process.versions.node}, ${day}`;
}

/** The value below which a share of the values lies, from 0 (the smallest) over 0.5 (the median) to 1 (the largest). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
}

/** A share of 1 in percent. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Bytes in GiB. */
export function gibibytes(bytes: number, digits = 2): string {
  return `${(bytes / 2 ** 30).toFixed(digits)} GiB`;
}

/** Bytes in MiB, without decimals. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** A Markdown table, its columns padded so that it is as readable in a terminal. Every row has a cell for each heading. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map(String));
  const widths = headings.map((heading, column) =>
    Math.max(3, heading.length, ...texts.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(headings), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...texts.map(line)].join('\n');
}

/**
 * Prints what a benchmark found as Markdown, below the machine it ran on. `npm run bench` copies standard output into
 * docs/benchmarks.md, so progress belongs on standard error.
 *
 * @param paragraphs tables and sentences
 */
export function printReport(...paragraphs: readonly string[]): void {
  console.log([machine(), ...paragraphs].join('\n\n'));
}
