import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Context } from '../../../bench/gpu/check.ts';
import { writeReport, type Entry } from '../../../bench/gpu/report.ts';
import { runChecks } from '../../../bench/gpu/run-checks.ts';
import type { Compilation } from '../../../bench/gpu/subjects.ts';
import { UserError } from '../../../model/errors.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const folder = tempFolder();

beforeEach(() => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const context: Context = {
  device: 'cpu',
  gpus: [],
  maxBatch: 1,
  threads: 1,
  measureMs: 10,
  scratch: '',
  sessionRun: () => Promise.reject(new Error('no session')),
  peak: () => Promise.resolve(1),
};

const failing = (name: string, error: Error): Compilation => ({ name, compile: () => Promise.reject(error) });

it('continues if a model cannot be compiled, and records every check before it starts', async () => {
  const recorded: [number, string][] = [];
  const subjects = [
    failing('one', new UserError('checkpoint-incomplete', 'The checkpoint has no vocab.json.')),
    failing('two', new Error('out of range')),
  ];
  const entries = await runChecks(subjects, context, (found, underWay) => {
    recorded.push([found.length, underWay]);
    return Promise.resolve();
  });
  expect(entries.map(({ check, finding }) => [check.name, check.subject, finding.verdict])).toEqual([
    ['machine', undefined, 'measured'],
    ['watchdog', undefined, 'skipped'],
    ['peak', undefined, 'measured'],
    ['compile', 'one', 'failed'],
    ['compile', 'two', 'failed'],
  ]);
  expect(entries.slice(3).map(({ finding }) => finding.summary)).toEqual([
    'The checkpoint has no vocab.json.',
    'The check itself failed: out of range',
  ]);
  expect(recorded).toEqual([
    [0, 'machine'],
    [1, 'watchdog'],
    [2, 'peak'],
    [3, 'compile of one'],
    [4, 'compile of two'],
  ]);
});

it('leaves a report that says how far it got if it is interrupted', async () => {
  const file = join(folder, 'report.md');
  const record = async (found: readonly Entry[], underWay: string): Promise<void> => {
    await writeReport(file, 'cpu', found, underWay);
    if (underWay === 'peak') throw new Error('ended');
  };
  await expect(runChecks([], context, record)).rejects.toThrow('ended');
  const text = await readFile(file, 'utf8');
  expect(text).toContain('**Incomplete**: the run did not get past peak.');
  expect(text).toContain('| watchdog |');
  expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({
    underWay: 'peak',
    checks: [{ name: 'machine' }, { name: 'watchdog' }],
  });
});

it('does not say so in a complete report, and reports an unwritable file in one sentence', async () => {
  const { markdown, json } = await writeReport(join(folder, 'whole.md'), 'cpu', []);
  expect(await readFile(markdown, 'utf8')).not.toContain('Incomplete');
  expect(await readFile(json, 'utf8')).not.toContain('underWay');
  await expect(writeReport(join(markdown, 'report.md'), 'cpu', [])).rejects.toThrow(
    /^Cannot write .*report\.md: .*\.$/,
  );
});
