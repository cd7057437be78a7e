import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { notWritten } from '../../model/not-written.ts';
import { version } from '../../model/version.ts';
import { table } from '../support/format.ts';
import type { Check, Finding } from './check.ts';
import type { BenchDevice } from './subjects.ts';

/** A finished check. */
export interface Entry {
  readonly check: Pick<Check, 'name' | 'subject'>;
  readonly finding: Finding;
  readonly seconds: number;
}

/**
 * Writes the report as Markdown, and as JSON beside it.
 *
 * @param underWay the check that is running: if the machine crashes, the report shows at which check
 * @returns the paths of both files
 */
export async function writeReport(
  file: string,
  device: BenchDevice,
  entries: readonly Entry[],
  underWay?: string,
): Promise<{ markdown: string; json: string }> {
  const json = file.replace(/(\.md)?$/, '.json');
  const checks = entries.map(({ check, finding: { verdict, summary, data }, seconds }) => ({
    name: check.name,
    ...(check.subject === undefined ? {} : { subject: check.subject }),
    verdict,
    summary,
    seconds,
    data,
  }));
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, toMarkdown(device, entries, underWay));
    await replaceFile(json, `${JSON.stringify({ version, device, underWay, checks }, null, 2)}\n`);
  } catch (cause) {
    throw notWritten(file, cause);
  }
  return { markdown: file, json };
}

/** Replaces a file atomically. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.part`, text);
  await rename(`${file}.part`, file);
}

function toMarkdown(device: BenchDevice, entries: readonly Entry[], underWay: string | undefined): string {
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
  const notes = [
    ...(device === 'cpu' ? ['Run with `--device cpu`: this tests the checks, but not the code path on a GPU.'] : []),
    ...(underWay === undefined ? [] : [`**Incomplete**: the run did not get past ${underWay}.`]),
  ];
  const head = ['# GPU report', `ofa-ve ${version}, device ${device}.`];
  return `${[...head, ...notes, summary, ...sections].join('\n\n')}\n`;
}

/** As in `speed of ofa-demo`. */
export function titleOf({ name, subject }: Pick<Check, 'name' | 'subject'>): string {
  return subject === undefined ? name : `${name} of ${subject}`;
}
