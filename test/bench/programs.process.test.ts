import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../testing/root.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const PROGRAMS = readdirSync(join(ROOT, 'bench')).filter((name) => name.endsWith('.ts'));

/** What a program prints and how it ends. */
function run(name: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = [join(ROOT, 'bin/run.js'), join(ROOT, 'bench', name), ...args];
    execFile(process.execPath, command, { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

it.each(PROGRAMS)('%s says its usage at its top, and takes --help', (name) => {
  const text = readFileSync(join(ROOT, 'bench', name), 'utf8');
  const [top = ''] = /^(\/\/ .*\n)+/.exec(text) ?? [];
  expect(top).toMatch(new RegExp(`node bin/run\\.js bench/${name}|npm run bench`));
  expect(text).toContain('await runProgram(');
  // Else it would ignore what it does not know.
  expect(text).toMatch(/programArguments\(|parseArgs\(/);
  if (text.includes('allowPositionals')) expect(text).toMatch(/refuseSurplus\(|positionals\.(find|length)/);
});

describe('a benchmark', () => {
  it('prints the comment at its top for --help', async () => {
    const { code, stdout } = await run('demo-accuracy.ts', '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Measures the demo model on 6,000 held-out questions/);
    expect(stdout).toContain('\nusage: node bin/run.js bench/demo-accuracy.ts [questions per answer] [--wrong]\n');
  });

  it('ends when it has failed, whatever is still open', async () => {
    const program = join(tempFolder(), 'program.mts');
    const library = pathToFileURL(join(ROOT, 'bench/support/run-program.ts')).href;
    const fails = "() => { setInterval(() => undefined, 1000); throw new Error('measured wrongly'); }";
    writeFileSync(program, `import { runProgram } from '${library}';\nawait runProgram(${fails});\n`);
    const { code, stderr } = await run(relative(join(ROOT, 'bench'), program));
    expect([code, stderr]).toEqual([1, 'measured wrongly\n']);
  });

  it.each([
    ['demo-accuracy.ts', ['many'], 'questions per answer is "many" but must be a whole number from 1 to 999999.'],
    ['pixels.ts', ['0'], 'rounds is "0" but must be a whole number from 1 to 999999.'],
    ['pixels.ts', ['--rounds'], "Unknown option '--rounds'"],
    ['pixels.ts', ['1', '2'], '"2" is one argument too many: this takes at most 1, see --help.'],
    ['demo-accuracy.ts', ['1', '2'], '"2" is one argument too many: this takes at most 1, see --help.'],
    ['grpc-load.ts', ['5'], '"5" is one argument too many: this takes none, see --help.'],
    ['fleet-simulation.ts', ['--forms'], "Unknown option '--forms'"],
    ['compile-large.ts', ['--precision', 'fp8'], '--precision is "fp8" but must be fp32, fp16 or both.'],
    ['service-load.ts', ['--package', '/nowhere'], '/nowhere is not a model package'],
    ['curves.ts', ['--forms', 'x'], '--forms is "x" but must be a whole number from 1 to 999999.'],
  ])('refuses wrong arguments before it measures: %s %j', async (name, args, message) => {
    const { code, stdout, stderr } = await run(name, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});
