import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { version } from '../../model/version.ts';
import type { BenchDevice, Check, Finding } from './check.ts';
import { table } from './check.ts';

/** A check with what it found. */
export interface Entry {
  readonly check: Pick<Check, 'name' | 'subject'>;
  readonly finding: Finding;
  readonly seconds: number;
}

/** Writes the report as Markdown, and as JSON beside it. @returns both files */
export async function writeReport(
  file: string,
  device: BenchDevice,
  entries: readonly Entry[],
): Promise<{ markdown: string; json: string }> {
  const json = file.replace(/(\.md)?$/, '.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, toMarkdown(device, entries));
  const checks = entries.map(({ check, finding: { verdict, summary, data }, seconds }) => ({
    name: check.name,
    ...(check.subject === undefined ? {} : { subject: check.subject }),
    verdict,
    summary,
    seconds,
    data,
  }));
  await writeFile(json, `${JSON.stringify({ version, device, checks }, null, 2)}\n`);
  return { markdown: file, json };
}

function toMarkdown(device: BenchDevice, entries: readonly Entry[]): string {
  const summary = table(
    ['check', 'model', 'verdict', 'finding', 'seconds'],
    entries.map(({ check, finding, seconds }) => [
      check.name,
      check.subject ?? '',
      finding.verdict === 'failed' ? '**failed**' : finding.verdict,
      finding.summary.replaceAll('|', '\\|').replaceAll('\n', ' '),
      seconds.toFixed(0),
    ]),
  );
  const sections = entries.flatMap(({ check, finding }) =>
    finding.details === undefined ? [] : [`## ${titleOf(check)}\n\n${finding.summary}\n\n${finding.details}`],
  );
  const note =
    device === 'cpu' ? 'Run with `--device cpu`: the checks are proved, the path to a GPU is not.\n\n' : '';
  return `# GPU report\n\nofa-ve ${version}, device ${device}.\n\n${note}${summary}\n\n${sections.join('\n\n')}\n`;
}

/** As in `speed of ofa-demo`. */
export function titleOf({ name, subject }: Pick<Check, 'name' | 'subject'>): string {
  return subject === undefined ? name : `${name} of ${subject}`;
}
