import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, type ModelServer, modelServer, type Seen } from './model-server.ts';
import { breakAfter, isSame, PIECE, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';

describe('a server that sends the whole file in place of a part', () => {
  /** Answers some requests of the weights with all of them; gives those requests. */
  function sendWhole(server: ModelServer, answers: (count: number, seen: Seen) => boolean): Seen[] {
    const found: Seen[] = [];
    let count = 0;
    server.intercept = (seen, response) => {
      if (seen.file !== WEIGHTS || seen.range === undefined || !answers(++count, seen)) return false;
      found.push(seen);
      server.send({ ...seen, range: undefined }, response);
      return true;
    };
    return found;
  }

  test.each([1, 4])('once, over %i connections, is asked for the part again', async (connections) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    // By then a part at least has come.
    const odd = sendWhole(server, (count) => count === connections + 1);
    const { notes, waits, progress } = await runFetch(server, folder, { connections });
    expect(notes).toEqual([
      expect.stringMatching(
        /^\S+ sends the whole of pytorch_model\.bin where a part was asked for; trying again in 1 s \(1 of 13\)\.$/,
      ),
    ]);
    expect(waits).toHaveLength(1);
    const asked = server.requestsOf(WEIGHTS).map(({ range }) => range);
    expect(asked).toHaveLength(Math.ceil((server.files.get(WEIGHTS)?.bytes ?? 0) / PIECE) + 1);
    expect(asked.filter((range) => range === odd[0]?.range)).toHaveLength(2);
    expect(new Set(asked).size).toBe(asked.length - 1);
    const { received, total } = progress.at(-1) ?? {};
    expect(received).toBe(total);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('after a break, once, loses nothing that an earlier run had', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    breakAfter(server, WEIGHTS, 2);
    await expect(runFetch(server, folder, { connections: 1 })).rejects.toThrow();
    sendWhole(server, (nth) => nth === 1);
    const { progress } = await runFetch(server, folder, { connections: 1 });
    expect(progress.at(-1)?.received).toBe((server.files.get(WEIGHTS)?.bytes ?? 0) - 2 * PIECE);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('every time from some part on is asked for the whole', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    sendWhole(server, (count) => count > 2);
    const { notes, waits } = await runFetch(server, folder, { connections: 1, retries: { attempts: 4 } });
    expect(waits).toHaveLength(3);
    expect(notes.at(-1)).toMatch(/^The server sends pytorch_model\.bin only as a whole: /);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('among other failures is given up, and what is there is kept', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    let count = 0;
    server.intercept = (seen, response) => {
      if (seen.file !== WEIGHTS || ++count <= 2) return false;
      if (count % 2 === 1) response.writeHead(503).end();
      else server.send({ ...seen, range: undefined }, response);
      return true;
    };
    await expect(
      runFetch(server, folder, { connections: 1, retries: { attempts: 4 } }),
    ).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(
        / where a part was asked for, 4 times in a row: run the same command again, which goes on from there\.$/,
      ) as string,
    });
    server.intercept = () => false;
    const { progress } = await runFetch(server, folder);
    expect(progress.at(-1)?.received).toBe((server.files.get(WEIGHTS)?.bytes ?? 0) - 2 * PIECE);
  });
});

describe('a server without ranges', () => {
  test('sends the file as a whole', async () => {
    const server = await modelServer(miniModel(), { ranges: false });
    const folder = tempFolder();
    const { notes } = await runFetch(server, folder);
    expect(notes).toEqual([
      'The server sends pytorch_model.bin only as a whole: over one connection, and from its beginning after a break.',
    ]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(server.requestsOf(WEIGHTS).at(-1)?.range).toBeUndefined();
  });

  test('is asked from the beginning after a break, and given up at last', async () => {
    const server = await modelServer(miniModel(), { ranges: false });
    const folder = tempFolder();
    let whole = 0;
    let breaks = 2;
    server.intercept = ({ file, range }, response) => {
      if (file !== WEIGHTS || range !== undefined || whole++ >= breaks) return false;
      const { bytes = 0, read } = server.files.get(WEIGHTS) ?? {};
      response.writeHead(200, { 'content-length': bytes });
      response.write(read?.(0, bytes / 2));
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    const { waits } = await runFetch(server, folder);
    expect(waits).toHaveLength(2);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);

    whole = 0;
    breaks = Infinity;
    const empty = tempFolder();
    await expect(runFetch(server, empty, { retries: { attempts: 3 } })).rejects.toMatchObject({
      message: expect.stringMatching(/broke the connection, 3 times in a row/) as string,
    });
    expect(existsSync(join(empty, WEIGHTS))).toBe(false);
  });
});
