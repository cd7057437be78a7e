/**
 * Runs the programs of docs/clients.md in Python and Go against the demo service, and writes RESULTS.md: part of
 * `npm run test:clients`. It needs Go, Python 3, and the package index of Python. Arguments select programs by parts of
 * their names; then nothing is written.
 */
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

const python = (file: string): Command => [PYTHON, file];
const PROGRAMS: Readonly<Record<string, (file: string) => Command>> = {
  'with_requests.py': python,
  'with_httpx.py': python,
  'with_kserve.py': python,
  'with_triton.py': python,
  'ask.go': (file) => ['go', 'run', file],
};

const selected = process.argv.slice(2);
const files = Object.keys(PROGRAMS).filter(
  (file) => selected.length === 0 || selected.some((part) => file.includes(part)),
);
await rm(WORK, { recursive: true, force: true });
await mkdir(WORK, { recursive: true });
await run(['python3', '-m', 'venv', path.dirname(path.dirname(PYTHON))], WORK);
const wanted = Object.entries(PACKAGES).map(([name, its]) => `${name}==${its}`);
await run([PYTHON, '-m', 'pip', 'install', '-q', ...wanted], WORK);

const service = await serve({ MODEL_DIR: await demoPackage() });
const rows: string[] = [];
try {
  for (const file of files) {
    const command = PROGRAMS[file] ?? python;
    const given = { service: service.url, folder: path.join(WORK, 'retried', file) };
    const retried = await runProgram(file, command, { ...given, refusal: 'first, to be tried again' });
    const refused = await runProgram(file, command, {
      ...given,
      folder: path.join(WORK, 'refused', file),
      refusal: 'always, for good',
    });
    const passes = retried.printed === 'yes\n' && retried.waits && retried.attempts === 2 && refused.attempts === 1;
    if (!passes) process.exitCode = 1;
    rows.push(`| ${file} | ${passes ? 'passes' : 'fails'} |`);
    console.log(file, passes, retried, refused);
  }
} finally {
  await service.stop();
}
if (selected.length === 0) {
  const versions = [
    ...wanted,
    (await run(['go', 'version'], WORK)).trim(),
    (await run([PYTHON, '--version'], WORK)).trim(),
  ];
  const intro = `Written by \`npm run test:clients\` on ${new Date().toISOString().slice(0, 10)} with ofa-ve ${version}. Each program gets 429 with\n\`Retry-After: 1\`, waits, and prints the answer; a 503 without that header ends it at once.`;
  const lines = versions.map((each) => `- ${each}`);
  const text = `# Programs of docs/clients.md\n\n${intro}\n\n| | |\n| --- | --- |\n${rows.join('\n')}\n\n${lines.join('\n')}\n`;
  await writeFile(RESULTS, text);
  await run(['npx', 'prettier', '--write', RESULTS], WORK);
}
