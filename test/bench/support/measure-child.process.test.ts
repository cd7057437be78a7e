import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { runChild } from '../../../bench/support/measure-child.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const folder = tempFolder();

async function script(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

/** Whether a process runs that was started with this argument. */
async function isRunning(argument: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.split('\0').includes(argument));
}

it('kills a program that does not end and reports it', { timeout: 60_000 }, async () => {
  const endless = await script('endless.mjs', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`);
  const ended = expect(runChild(endless, [], 5000)).rejects.toThrow(
    `${endless} did not end within 5 s and was killed.`,
  );
  expect(await isRunning(endless)).toBe(true);
  await ended;
  await vi.waitUntil(async () => !(await isRunning(endless)), { timeout: 30_000, interval: 100 });
});

it('returns the output of a program', async () => {
  const { stdout } = await runChild(await script('ends.mjs', `console.log(process.argv[2]);`), ['argument']);
  expect(stdout).toBe('argument\n');
});

it('throws with the stderr of a program that fails', async () => {
  const failing = await script('fails.mjs', `console.error('no more memory'); process.exitCode = 3;`);
  await expect(runChild(failing, [])).rejects.toThrow(`${failing}  failed (3): no more memory`);
});
