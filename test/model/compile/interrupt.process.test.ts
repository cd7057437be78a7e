import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { inScratchFolder, swapIntoPlace } from '../../../model/compile/scratch-folder.ts';
import { PROGRAM } from '../../../testing/service-process.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const CHECKPOINT = fileURLToPath(new URL('../../fixtures/ofa/mini-prev-output', import.meta.url));

/**
 * A module that makes the program send itself a signal in the call that creates a file or folder of this name, before
 * the call returns. The file or folder is created nevertheless.
 */
function signalOnMaking(name: string, signal: NodeJS.Signals): string {
  const module = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const isTarget = (made) => String(made).includes('.partial-') && /${name}$/.test(String(made));
    for (const [owner, call] of [[fs, 'mkdirSync'], [fs.promises, 'mkdir'], [fs.promises, 'open'], [fs.promises, 'writeFile']]) {
      const original = owner[call];
      owner[call] = (made, ...rest) => {
        if (!isTarget(made)) return original(made, ...rest);
        const result = original(made, ...rest);
        if (!(result instanceof Promise)) {
          process.kill(process.pid, '${signal}');
          return result;
        }
        return result.then((value) => {
          process.kill(process.pid, '${signal}');
          return value;
        });
      };
    }
    syncBuiltinESMExports();`;
  return `data:text/javascript,${encodeURIComponent(module)}`;
}

async function interrupted(name: string, signal: NodeJS.Signals, folder = tempFolder()): Promise<unknown> {
  const compile = ['compile', CHECKPOINT, path.join(folder, 'out')];
  const child = spawn(process.execPath, ['--import', signalOnMaking(name, signal), PROGRAM, ...compile]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const [code, by] = (await once(child, 'close')) as unknown[];
  return { code, by, output, left: await readdir(folder) };
}

test('a signal also reaches other listeners, in the same turn and after the folder is removed', async () => {
  const target = path.join(tempFolder(), 'out');
  const received: unknown[] = [];
  const others = process.listenerCount('SIGTERM');
  let folder = '';
  const listen = (): void => {
    if (process.listenerCount('SIGTERM') === others + 1) received.push(existsSync(folder));
  };
  process.on('SIGTERM', listen);
  await inScratchFolder(target, (made) => {
    folder = made;
    expect(existsSync(folder)).toBe(true);
    process.emit('SIGTERM', 'SIGTERM');
    expect(received).toEqual([false]);
    return Promise.resolve();
  });
  process.off('SIGTERM', listen);
  expect([received, process.listenerCount('SIGTERM')]).toEqual([[false], others]);
});

test('files that are being created when the signal arrives are removed too', async () => {
  const hold = (): void => undefined;
  process.on('SIGTERM', hold);
  const left: string[] = [];
  for (let round = 0; round < 20; round++) {
    await inScratchFolder(path.join(tempFolder(), 'out'), async (folder) => {
      let gone = false;
      let files = 0;
      const write = async (): Promise<void> => {
        while (!gone) {
          await writeFile(path.join(folder, String(files++)), 'x').catch(() => {
            gone = true;
          });
        }
      };
      const writers = [write(), write(), write(), write()];
      while (files < 100) await new Promise((resolve) => setImmediate(resolve));
      process.emit('SIGTERM', 'SIGTERM');
      if (existsSync(folder)) left.push(folder);
      gone = true;
      await Promise.all(writers);
    });
  }
  process.off('SIGTERM', hold);
  expect(left).toEqual([]);
});

test('an existing package stays in place until it is replaced', async () => {
  const parent = tempFolder();
  const target = path.join(parent, 'out');
  mkdirSync(target);
  writeFileSync(path.join(target, 'old'), '');
  expect(() => {
    swapIntoPlace(path.join(parent, 'nothing'), target);
  }).toThrow('ENOENT');
  expect(readdirSync(target)).toEqual(['old']);
  await inScratchFolder(target, (folder) => {
    writeFileSync(path.join(folder, 'new'), '');
    swapIntoPlace(folder, target);
    return Promise.resolve();
  });
  expect(readdirSync(target)).toEqual(['new']);
  expect(readdirSync(parent)).toEqual(['out']);
});

describe('what a compiler has left that was killed', () => {
  /** The folder of a process in another container, which was touched some minutes ago. */
  function elsewhere(parent: string, target: string, minutes: number): string {
    const name = `.${target}.partial-7-0123456789abcdef-00000000-0000-4000-8000-${String(minutes).padStart(12, '0')}`;
    const folder = path.join(parent, name);
    mkdirSync(folder);
    const touched = Date.now() / 1000 - 60 * minutes;
    utimesSync(folder, touched, touched);
    return name;
  }

  test.runIf(process.platform === 'linux')('is removed by the next one for the same package', async () => {
    const folder = tempFolder();
    const killed = await interrupted('model.onnx.data', 'SIGKILL', folder);
    expect(killed).toMatchObject({ by: 'SIGKILL', left: [expect.stringMatching(/^\.out\.partial-/)] });
    await inScratchFolder(path.join(folder, 'other'), () => Promise.resolve());
    expect(readdirSync(folder)).toHaveLength(1);
    await inScratchFolder(path.join(folder, 'out'), () => Promise.resolve());
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is removed ten minutes later where its process cannot be looked for, and nothing else is', async () => {
    const parent = tempFolder();
    const others = [elsewhere(parent, 'out', 9), elsewhere(parent, 'output', 11)];
    for (const name of ['.out.partial-notes', '.out.partial-1-0-old']) {
      mkdirSync(path.join(parent, name));
      utimesSync(path.join(parent, name), 1000, 1000);
      others.push(name);
    }
    elsewhere(parent, 'out', 11);
    const target = path.join(parent, 'out');
    await inScratchFolder(target, async (running) => {
      writeFileSync(path.join(running, 'weights'), '');
      await inScratchFolder(target, () => Promise.resolve());
      expect(readdirSync(running)).toEqual(['weights']);
    });
    expect(readdirSync(parent).sort()).toEqual(others.sort());
  });
});

test('a folder is touched while it is in use', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    await inScratchFolder(path.join(tempFolder(), 'out'), async (folder) => {
      utimesSync(folder, 1000, 1000);
      vi.advanceTimersByTime(60_000);
      await expect.poll(() => statSync(folder).mtimeMs).toBeGreaterThan(2_000_000);
    });
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

describe('interrupting the compiler leaves nothing behind', () => {
  test.each([
    ['when the folder has been created', String.raw`partial-[\w-]+`, 'SIGINT'],
    ['while weights are written', 'model.onnx.data', 'SIGTERM'],
    ['after the graph is written', 'tokenizer.json', 'SIGINT'],
    ['when the terminal is closed', 'model.onnx', 'SIGHUP'],
  ] as const)('%s', async (_, name, signal) => {
    expect(await interrupted(name, signal)).toEqual({ code: null, by: signal, output: '', left: [] });
  });
});
