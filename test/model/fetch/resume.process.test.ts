import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PROGRAM } from '../../../testing/service-process.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { content, miniModel, type ModelServer, modelServer, sendHead } from './model-server.ts';
import { failureOf, isSame, leavePartial, partialPath, runFetch, WEIGHTS } from './run-fetch.ts';

const BYTES = 1_390_725;
const HALF = 700_000;

/** Sends the first half of the weights and then nothing, with the connection open. */
function stallHalfway(server: ModelServer): void {
  server.intercept = ({ file, range }, response) => {
    const weights = server.files.get(WEIGHTS);
    if (file !== WEIGHTS || weights === undefined) return false;
    sendHead(weights, range, response);
    response.write(weights.read(0, HALF));
    return true;
  };
}

function rangesAsked(server: ModelServer): (string | undefined)[] {
  return server.requestsOf(WEIGHTS).map(({ range }) => range);
}

describe('an interrupted fetch', () => {
  test('resumes where it stopped', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    stallHalfway(server);
    const stop = new AbortController();
    const failure = await failureOf(server, folder, {
      signal: stop.signal,
      onProgress: ({ received }) => {
        if (received > HALF) stop.abort();
      },
    });
    expect(failure).toMatchObject({ code: 'interrupted' });
    expect(failure.message).toBe('Interrupted; run the same command again to resume.');
    const { size } = statSync(partialPath(server, folder));
    expect(size).toBeGreaterThan(HALF / 2);
    expect(existsSync(join(folder, WEIGHTS))).toBe(false);
    expect(readdirSync(folder)).not.toContain('.fetch.lock');

    server.intercept = () => false;
    server.seen.length = 0;
    const { progress } = await runFetch(server, folder);
    expect(rangesAsked(server)).toEqual([`bytes=${size}-`]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(progress.at(-1)).toMatchObject({ done: BYTES, total: BYTES, received: BYTES - size });
  });

  test('that had received everything needs no request', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    leavePartial(server, folder, BYTES);
    await runFetch(server, folder);
    expect(rangesAsked(server)).toEqual([]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('starts again if another version was published', async () => {
    const files = miniModel();
    const old = await modelServer(files);
    const folder = tempFolder();
    leavePartial(old, folder, HALF);
    const changed = Buffer.from(files.get(WEIGHTS)?.read(0, BYTES) ?? '');
    changed[5] = (changed[5] ?? 0) ^ 1;
    const server = await modelServer(new Map([...files, [WEIGHTS, content(changed)]]));
    await runFetch(server, folder);
    expect(rangesAsked(server)).toEqual([undefined]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('starts again if the partial file is too long', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    writeFileSync(partialPath(server, folder), Buffer.alloc(BYTES + 1));
    await runFetch(server, folder);
    expect(rangesAsked(server)).toEqual([undefined]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('that left damaged bytes is refused, and starts again in the next run', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    leavePartial(server, folder, HALF);
    const bytes = readFileSync(partialPath(server, folder));
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    writeFileSync(partialPath(server, folder), bytes);
    expect((await failureOf(server, folder)).code).toBe('download-corrupt');
    expect(existsSync(join(folder, WEIGHTS))).toBe(false);
    await runFetch(server, folder);
    expect(rangesAsked(server)).toEqual([`bytes=${HALF}-`, undefined]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});

test('a second process is refused, and resumes once the first was killed', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  stallHalfway(server);
  const args = [PROGRAM, 'fetch', server.id, folder, '--endpoint', server.endpoint];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const partial = partialPath(server, folder);
  while (!existsSync(partial) || statSync(partial).size < HALF) await sleep(20);
  expect(await failureOf(server, folder)).toMatchObject({
    code: 'output-not-writable',
    message: `Another process is downloading into ${folder}: wait until it has finished (or 10 s if it was killed), or choose another folder.`,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');

  server.intercept = () => false;
  server.seen.length = 0;
  const killed = new Date(Date.now() - 11_000);
  utimesSync(join(folder, '.fetch.lock'), killed, killed);
  await runFetch(server, folder);
  expect(rangesAsked(server)).toEqual([`bytes=${HALF}-`]);
  expect(isSame(server, folder, WEIGHTS)).toBe(true);
});

test('a fetch ends whose folder another process has taken over', async () => {
  const server = await modelServer(miniModel());
  const folder = tempFolder();
  stallHalfway(server);
  const lock = join(folder, '.fetch.lock');
  const onProgress = (): void => {
    writeFileSync(lock, 'of another process');
  };
  expect(await failureOf(server, folder, { onProgress })).toMatchObject({
    code: 'output-not-writable',
    message: `Another process is downloading into ${folder} now, since this one stood still for long: wait until it has finished.`,
  });
  expect(readFileSync(lock, 'utf8')).toBe('of another process');
});

describe('a server without ranges', () => {
  test('sends the file from the start, with a note', async () => {
    const server = await modelServer(miniModel(), { ranges: false });
    const folder = tempFolder();
    leavePartial(server, folder, HALF);
    const { notes } = await runFetch(server, folder);
    expect(notes).toEqual([
      `${new URL(server.endpoint).host} cannot resume ${WEIGHTS}: downloading it again from the start.`,
    ]);
    expect(rangesAsked(server)).toEqual([`bytes=${HALF}-`]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('that always breaks at the same byte is given up', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      const weights = server.files.get(WEIGHTS);
      if (file !== WEIGHTS || weights === undefined) return false;
      sendHead(weights, undefined, response);
      response.write(weights.read(0, HALF), () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    const folder = tempFolder();
    expect((await failureOf(server, folder)).message).toMatch(/ failed \(other side closed\): check/);
    expect(existsSync(join(folder, WEIGHTS))).toBe(false);
    rmSync(partialPath(server, folder));
  });
});
