import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { fixturePackage } from '../../testing/fixtures.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { serve } from './service.ts';

let packageDir = '';
beforeAll(async () => {
  packageDir = await fixturePackage('mini-none');
});
afterEach(() => {
  vi.restoreAllMocks();
});

it('names the setting of a port that is in use', async () => {
  const taken = await serve({ MODEL_DIR: packageDir }, { wait: false });
  const clash = serve({ MODEL_DIR: packageDir, ADMIN_PORT: taken.port }, { wait: false });
  await expect(clash).rejects.toThrow(/choose another HOST or ADMIN_PORT\.$/);
  await taken.stop();
});

it('closes what it has opened when it cannot listen', async () => {
  const taken = await serve({ MODEL_DIR: packageDir }, { wait: false });
  const keys = join(tempFolder(), 'keys');
  await writeFile(keys, createHash('sha256').update('secret').digest('hex'));
  const [started, cleared] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
  const clash = serve({ MODEL_DIR: packageDir, ADMIN_PORT: taken.port, API_KEYS_FILE: keys }, { wait: false });
  await expect(clash).rejects.toThrow(/ADMIN_PORT/);
  const timers = started.mock.results.map(({ value }) => value as NodeJS.Timeout);
  const ended = cleared.mock.calls.map(([timer]) => timer);
  // At least that of the event loop's delay and that of the keys' file.
  expect(timers.length).toBeGreaterThan(1);
  expect(timers.filter((timer) => !ended.includes(timer))).toEqual([]);
  await taken.stop();
});

it('prints in one sentence why it cannot start, and exits with 1', async () => {
  const taken = await serve({ MODEL_DIR: packageDir }, { wait: false });
  const program = spawn(process.execPath, [PROGRAM, 'serve', '--model', packageDir, '--port', String(taken.port)], {
    env: { ...process.env, HOST: '127.0.0.1', GRPC_PORT: '0', ADMIN_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errors: string[] = [];
  program.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  expect((await once(program, 'exit'))[0]).toBe(1);
  expect(errors.join('')).toBe(`Cannot listen on 127.0.0.1:${taken.port} (EADDRINUSE); choose another HOST or PORT.\n`);
  await taken.stop();
});
