import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LOCK_TIMES, lockFolder } from '../../../model/fetch/folder-lock.ts';
import { ownIdentity } from '../../../model/fetch/process-identity.ts';
import { PROGRAM } from '../../../testing/cli.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, modelServer } from './model-server.ts';
import { isSame, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';
/** The name of a claim from long ago. */
const CLAIM = '.fetch-1700000000000-0a1b2c3d.lock';
/** Above what any system gives a process. */
const NOBODY = 99_999_999;

function claims(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.lock'));
}

/** Lays down a claim as it was some seconds ago. */
function claim(folder: string, text: string, secondsAgo = 0): void {
  writeFileSync(join(folder, CLAIM), text);
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(join(folder, CLAIM), time, time);
}

async function lock(folder: string): Promise<void> {
  const release = await lockFolder(folder, () => undefined);
  expect(claims(folder)).toHaveLength(1);
  await release();
  expect(claims(folder)).toEqual([]);
}

async function refusal(folder: string): Promise<string> {
  const error: unknown = await lockFolder(folder, () => undefined).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'UserError', code: 'output-not-writable' });
  expect(claims(folder)).toEqual([CLAIM]);
  return (error as Error).message;
}

describe('a claim', () => {
  test('of a process of this machine counts as long as it runs', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    server.intercept = ({ file }) => file === WEIGHTS;
    const args = [PROGRAM, 'fetch', server.id, folder, '--endpoint', server.endpoint];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    while (server.requestsOf(WEIGHTS).length === 0) await sleep(20);
    const [name = ''] = claims(folder);
    await expect(runFetch(server, folder)).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `${folder} is being fetched into by process ${child.pid ?? 0}: wait for it; remove ${join(folder, name)} if that is no fetch.`,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    server.intercept = () => false;
    await runFetch(server, folder);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(claims(folder)).toEqual([]);
  });

  test('of a process whose number another one has now counts for nothing', async () => {
    const folder = tempFolder();
    const own = await ownIdentity();
    claim(folder, JSON.stringify(own));
    expect(await refusal(folder)).toContain(` by process ${process.pid}: `);
    claim(folder, JSON.stringify({ ...own, started: 'before' }));
    await lock(folder);
    claim(folder, JSON.stringify({ ...own, pid: NOBODY }));
    await lock(folder);
  });

  test.each(['another container', undefined])(
    'of %s counts until it has shown no life for a while, whoever has its number here',
    async (place) => {
      const folder = tempFolder();
      for (const pid of [process.pid, NOBODY]) {
        const text = JSON.stringify({ host: 'other', pid, place, started: '1' });
        claim(folder, text, LOCK_TIMES.silentMs / 1000 - 30);
        expect(await refusal(folder)).toBe(
          `${folder} is being fetched into by process ${pid} on other: wait for it; if that was killed, its claim ends after 60 s.`,
        );
        claim(folder, text, LOCK_TIMES.silentMs / 1000 + 1);
        await lock(folder);
      }
    },
  );

  test.each(['', '{"host":', 'null', '{"pid":-1,"host":"x"}'])(
    'that holds %j counts just as long',
    async (text) => {
      const folder = tempFolder();
      claim(folder, text);
      expect(await refusal(folder)).toContain(' by another process: wait for it; if that was killed,');
      claim(folder, text, LOCK_TIMES.silentMs / 1000 + 1);
      await lock(folder);
    },
  );

  test('shows that its process lives', async () => {
    const folder = tempFolder();
    const release = await lockFolder(folder, () => undefined, { ...LOCK_TIMES, beatMs: 20 });
    const file = join(folder, claims(folder)[0] ?? '');
    const text = readFileSync(file, 'utf8');
    utimesSync(file, 1000, 1000);
    while (statSync(file).mtimeMs < 2_000_000) await sleep(10);
    expect(readFileSync(file, 'utf8')).toBe(text);
    await release();
    expect(claims(folder)).toEqual([]);
  });
});

describe('processes that begin at the same time', () => {
  test('do not get the same folder, and one of them gets it', async () => {
    for (let round = 0; round < 5; round++) {
      const folder = tempFolder();
      claim(folder, JSON.stringify({ ...(await ownIdentity()), pid: NOBODY }));
      const tries = Array.from({ length: 8 }, () => lockFolder(folder, () => undefined));
      const ends = await Promise.allSettled(tries);
      const got = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
      expect(got).toHaveLength(1);
      expect(claims(folder)).toHaveLength(1);
      await got[0]?.();
      expect(claims(folder)).toEqual([]);
    }
  });

  test('give way to one that has it, whatever its clock says', async () => {
    const folder = tempFolder();
    const later = CLAIM.replace('1700000000000', '9700000000000');
    writeFileSync(join(folder, later), JSON.stringify(await ownIdentity()));
    const run = lockFolder(folder, () => undefined, { ...LOCK_TIMES, patienceMs: 100 });
    await expect(run).rejects.toThrow(/is being fetched into by process/);
    expect(claims(folder)).toEqual([later]);
  });
});

describe('a fetch whose claim is removed', () => {
  test.each([
    ['in the middle of an answer', true],
    ['between two attempts', false],
  ])('%s ends, and keeps what is there', async (_, ranges) => {
    const server = await modelServer(miniModel(), { ranges });
    const folder = tempFolder();
    const found = { moment: false };
    server.intercept = ({ file, range }, response) => {
      if (file !== WEIGHTS || (range !== undefined && !ranges)) return false;
      if (ranges) found.moment = true;
      else response.destroy();
      return true;
    };
    const wait = (_ms: number, signal: AbortSignal): Promise<void> => {
      found.moment = true;
      return sleep(600_000, undefined, { signal });
    };
    const failure = expect(runFetch(server, folder, { retries: { wait } })).rejects.toMatchObject({
      code: 'output-not-writable',
      message: expect.stringMatching(
        /\.lock was removed, as another process does where this one shows no life for 60 s: /,
      ) as string,
    });
    while (!found.moment) await sleep(20);
    rmSync(join(folder, claims(folder)[0] ?? ''));
    await failure;
    expect(readdirSync(folder)).toContain('config.json');
  });
});
