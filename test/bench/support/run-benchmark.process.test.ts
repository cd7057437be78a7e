import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { runBenchmark } from '../../../bench/support/run-benchmark.ts';
import { ROOT } from '../../../testing/root.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const folder = tempFolder();
const library = pathToFileURL(join(ROOT, 'bench/support/run-program.ts')).href;

it.each([
  ['measures all', 'console.log(process.argv[2])', 'met'],
  ['misses its target', 'console.log(process.argv[2]); process.exitCode = 1', 'missed'],
  ['throws midway', "console.log(process.argv[2]); throw new Error('as the test wants')", 'broken'],
  [
    'is killed midway',
    "process.stdout.write(process.argv[2], () => process.kill(process.pid, 'SIGKILL')); await new Promise(() => {})",
    'broken',
  ],
] as const)('knows whether the report is whole of a benchmark that %s', async (how, main, end) => {
  const program = join(folder, `${how}.mts`);
  writeFileSync(program, `import { runProgram } from '${library}';\nawait runProgram(async () => { ${main} });\n`);
  expect(await runBenchmark(program, ['| 1 |'])).toEqual({ report: '| 1 |', end });
});
