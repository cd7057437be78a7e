/**
 * What every finding needs: packages of exact versions in a folder of their own, a program that uses them, and a verdict.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Installs packages in a new folder, which is removed when the process ends.
 *
 * @param {string[]} packages with exact versions, as `npm install` takes them
 * @returns {string} the folder
 */
export function install(packages) {
  const folder = mkdtempSync(join(tmpdir(), 'finding-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags, ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return folder;
}

/**
 * Runs a module in a folder.
 *
 * @param {string} folder from `install`
 * @param {string} source the module's source
 * @param {{ node?: string, env?: Record<string, string> }} [options] another Node.js, further environment variables
 * @returns {string} what it printed
 */
export function run(folder, source, { node = process.execPath, env = {} } = {}) {
  const file = join(folder, 'program.js');
  writeFileSync(file, source);
  return execFileSync(node, [file], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  }).trim();
}

/**
 * Compares what was seen with what the finding says, prints both where they differ, and exits with 1 then.
 *
 * @param {unknown} seen
 * @param {unknown} expected
 */
export function verdict(seen, expected) {
  const [is, was] = [seen, expected].map((value) => JSON.stringify(value, undefined, 2));
  if (is === was) {
    console.log(`As described:\n${is}`);
  } else {
    console.log(`Changed. Seen now:\n${is}\nSeen before:\n${was}`);
    process.exitCode = 1;
  }
}
