import { execFile } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** A program of Prometheus on PATH, or nothing. */
async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  return undefined;
}

const programs = { promtool: await findProgram('promtool'), prometheus: await findProgram('prometheus') };

/**
 * Whether tests that need the program are left out: where a developer does not have it. In CI they are run all the
 * same, and fail with a sentence, so that nothing goes unchecked there.
 */
export function isLeftOut(name: keyof typeof programs): boolean {
  return programs[name] === undefined && (process.env['CI'] ?? '') === '';
}

/** The program's path. */
export function requireProgram(name: keyof typeof programs): string {
  const found = programs[name];
  if (found === undefined)
    throw new Error(`${name} is not on PATH; install Prometheus (on Debian: apt-get install prometheus).`);
  return found;
}

/**
 * Runs promtool on files that exist only for it: their names and contents. Gives its output, or fails with it.
 *
 * @param input what it reads from its standard input
 */
export async function promtool(args: readonly string[], files: Record<string, string>, input = ''): Promise<string> {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return new Promise<string>((resolve, reject) => {
    const child = execFile(requireProgram('promtool'), args, { cwd: folder }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`;
      if (error) reject(new Error(`promtool ${args.join(' ')}:\n${output}`));
      else resolve(output);
    });
    child.stdin?.end(input);
  });
}
