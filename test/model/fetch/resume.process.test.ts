import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from '../../../testing/cli.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, type ModelServer, modelServer, stretch } from './model-server.ts';
import { isSame, PIECE, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';
const DESCRIPTIONS = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt', 'ans2label.json'];

interface State {
  bytes: number;
  sha256: string;
  pieceBytes: number;
  done: number[];
}

/** Lets the first requests for weights pass, and leaves the others without an answer. */
function stallAfter(server: ModelServer, answers: number): void {
  let count = 0;
  server.intercept = ({ file }) => file === WEIGHTS && ++count > answers;
}

/** Fetches until `answers` pieces of the weights are there, and interrupts. */
async function interrupted(server: ModelServer, folder: string, answers: number): Promise<void> {
  stallAfter(server, answers);
  const stop = new AbortController();
  const descriptions = DESCRIPTIONS.reduce((sum, name) => sum + (server.files.get(name)?.bytes ?? 0), 0);
  await expect(
    runFetch(server, folder, {
      signal: stop.signal,
      connections: 2,
      onProgress: ({ received }) => {
        if (received >= descriptions + answers * PIECE) stop.abort();
      },
    }),
  ).rejects.toMatchObject({
    code: 'interrupted',
    message: expect.stringMatching(
      /^Interrupted: 0\.8 MB of 1\.4 MB are in .*; the same command goes on from there\.$/,
    ) as string,
  });
  server.intercept = () => false;
}

function stateOf(folder: string): State {
  return JSON.parse(readFileSync(join(folder, `${WEIGHTS}.partial.json`), 'utf8')) as State;
}

function bytesAsked(server: ModelServer): number {
  const bytes = server.files.get(WEIGHTS)?.bytes ?? 0;
  return server.requestsOf(WEIGHTS).reduce((sum, { range }) => {
    const { from, to } = stretch(range, bytes);
    return sum + to - from;
  }, 0);
}

describe('an interrupted fetch', () => {
  test('goes on from where it was', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await interrupted(server, folder, 3);
    const { bytes, done } = stateOf(folder);
    const there = done.reduce((sum, piece) => sum + piece, 0);
    expect(there).toBeGreaterThanOrEqual(3 * PIECE);
    expect(existsSync(join(folder, WEIGHTS))).toBe(false);

    server.seen.length = 0;
    const { progress } = await runFetch(server, folder);
    expect(bytesAsked(server)).toBe(bytes - there);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(progress.at(-1)).toMatchObject({ done: bytes, total: bytes, received: bytes - there });
  });

  test('goes on inside of a piece', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await interrupted(server, folder, 3);
    const state = stateOf(folder);
    const whole = state.done.indexOf(PIECE);
    state.done[whole] = 1000;
    writeFileSync(join(folder, `${WEIGHTS}.partial.json`), JSON.stringify(state));
    server.seen.length = 0;
    await runFetch(server, folder);
    const from = whole * PIECE;
    expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toContain(
      `bytes=${from + 1000}-${from + PIECE - 1}`,
    );
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test.each([
    [
      'the record is torn',
      (folder: string) => {
        truncateSync(join(folder, `${WEIGHTS}.partial.json`), 20);
      },
    ],
    [
      'the bytes are cut off',
      (folder: string) => {
        truncateSync(join(folder, `${WEIGHTS}.partial`), 1000);
      },
    ],
    [
      'another version was published',
      (folder: string) => {
        change(folder, { sha256: '0'.repeat(64) });
      },
    ],
    [
      'the record claims too much',
      (folder: string) => {
        change(folder, { done: Array<number>(6).fill(PIECE) });
      },
    ],
  ])('starts afresh where %s', async (_, damage) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await interrupted(server, folder, 3);
    damage(folder);
    server.seen.length = 0;
    await runFetch(server, folder);
    expect(bytesAsked(server)).toBe(server.files.get(WEIGHTS)?.bytes);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('that left damaged bytes is fetched afresh, with a sentence', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await interrupted(server, folder, 3);
    const partial = join(folder, `${WEIGHTS}.partial`);
    const bytes = readFileSync(partial);
    const at = stateOf(folder).done.indexOf(PIECE) * PIECE + 5;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(partial, bytes);
    const { notes } = await runFetch(server, folder);
    expect(notes).toEqual([`${WEIGHTS}, continued from an earlier run, is damaged: it is fetched afresh.`]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('of a process that was killed goes on from its last record', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    const bytes = server.files.get(WEIGHTS)?.bytes ?? 0;
    const half = Math.floor(bytes / 2);
    // Half of the file, and then a byte now and then, until the process has recorded what it has.
    server.intercept = (seen, response) => {
      if (seen.file !== WEIGHTS) return false;
      response.writeHead(200, { 'content-length': bytes });
      response.write(server.files.get(WEIGHTS)?.read(0, half));
      let at = half;
      const drip = setInterval(() => response.write(server.files.get(WEIGHTS)?.read(at, ++at)), 100);
      response.once('close', () => {
        clearInterval(drip);
      });
      return true;
    };
    const args = [PROGRAM, 'fetch', server.id, folder, '--endpoint', server.endpoint];
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    const ended = new Promise((resolve) =>
      child.once('exit', (_, signal) => {
        resolve(signal);
      }),
    );
    while (!existsSync(join(folder, `${WEIGHTS}.partial.json`))) await sleep(20);
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');

    server.intercept = () => false;
    server.seen.length = 0;
    await runFetch(server, folder);
    expect(bytesAsked(server)).toBeLessThanOrEqual(bytes - half);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});

function change(folder: string, fields: Partial<State>): void {
  const file = join(folder, `${WEIGHTS}.partial.json`);
  writeFileSync(file, JSON.stringify({ ...stateOf(folder), ...fields }));
}
