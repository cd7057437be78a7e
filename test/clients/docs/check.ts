import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoPackage } from '../../../demo/demo-package.ts';
import { version } from '../../../model/version.ts';
import { serve } from '../../e2e/service.ts';
import { run, type Command } from '../rest/run.ts';
import { runProgram } from './programs.ts';

const WORK = fileURLToPath(new URL('../../../.cache/docs-clients/', import.meta.url));
const PYTHON = path.join(WORK, 'venv', 'bin', 'python');
const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));
const PACKAGES = { requests: '2.34.2', httpx: '0.28.1', kserve: '0.21.0', 'tritonclient[http]': '2.73.0' };

/** A line of RESULTS.md. */
type Row = readonly [file: string, passes: boolean];

const python = (file: string): Command => [PYTHON, file];
const PROGRAMS: Readonly<Record<string, (file: string) => Command>> = {
  'with_requests.py': python,
  'with_httpx.py': python,
  'with_kserve.py': python,
  'with_triton.py': python,
  'ask.go': (file) => ['go', 'run', file],
};

/** Names of the programs that are run. */
export const PROGRAM_FILES = Object.keys(PROGRAMS);

/**
 * Runs programs of docs/clients.md against the demo service.
 *
 * @param all whether these are all of them, of which RESULTS.md is written
 * @returns whether all pass
 */
export async function checkPrograms(files: readonly string[], all: boolean): Promise<boolean> {
  await rm(WORK, { recursive: true, force: true });
  await mkdir(WORK, { recursive: true });
  await run(['python3', '-m', 'venv', path.dirname(path.dirname(PYTHON))], WORK);
  const packages = Object.entries(PACKAGES).map(([name, its]) => `${name}==${its}`);
  await run([PYTHON, '-m', 'pip', 'install', '-q', ...packages], WORK);

  const service = await serve({ MODEL_DIR: await demoPackage() });
  const rows: Row[] = [];
  try {
    for (const file of files) rows.push([file, await check(file, service.url)]);
  } finally {
    await service.stop();
  }
  if (all) await writeResults(rows, packages);
  return rows.every(([, passes]) => passes);
}

async function check(file: string, service: string): Promise<boolean> {
  const command = PROGRAMS[file] ?? python;
  const retried = await runProgram(file, command, {
    service,
    folder: path.join(WORK, 'retried', file),
    refusal: 'first, to be tried again',
  });
  const refused = await runProgram(file, command, {
    service,
    folder: path.join(WORK, 'refused', file),
    refusal: 'always, for good',
  });
  const passes = retried.printed === 'yes\n' && retried.waits && retried.attempts === 2 && refused.attempts === 1;
  console.log(file, passes, retried, refused);
  return passes;
}

async function writeResults(rows: readonly Row[], packages: readonly string[]): Promise<void> {
  const versions = [
    ...packages,
    (await run(['go', 'version'], WORK)).trim(),
    (await run([PYTHON, '--version'], WORK)).trim(),
  ];
  const intro = `Written by \`npm run test:clients\` on ${new Date().toISOString().slice(0, 10)} with ofa-ve ${version}. Each program gets 429 with\n\`Retry-After: 1\`, waits, and prints the answer; a 503 without that header ends it at once.`;
  const results = rows.map(([file, passes]) => `| ${file} | ${passes ? 'passes' : 'fails'} |`);
  const lines = versions.map((each) => `- ${each}`);
  const text = `# Programs of docs/clients.md\n\n${intro}\n\n| | |\n| --- | --- |\n${results.join('\n')}\n\n${lines.join('\n')}\n`;
  await writeFile(RESULTS, text);
  await run(['npx', 'prettier', '--write', RESULTS], WORK);
}
