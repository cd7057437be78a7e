import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, type ModelServer, modelServer, type Seen, stretch } from './model-server.ts';
import { breakAfter, isSame, PIECE, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';

/** Answers the first `times` requests of the weights in another way. */
function first(
  server: ModelServer,
  times: number,
  answer: (seen: Seen, response: ServerResponse) => void,
): void {
  let count = 0;
  server.intercept = (seen, response) => {
    if (seen.file !== WEIGHTS || count >= times) return false;
    count++;
    answer(seen, response);
    return true;
  };
}

/** Sends the head of an answer and the first half of its bytes. */
function sendHalf(server: ModelServer, seen: Seen, response: ServerResponse, length = true): void {
  const file = server.files.get(WEIGHTS);
  const { from, to } = stretch(seen.range, file?.bytes ?? 0);
  response.writeHead(206, {
    'content-range': `bytes ${from}-${to - 1}/${file?.bytes ?? 0}`,
    ...(length && { 'content-length': to - from }),
  });
  response.write(file?.read(from, from + Math.floor((to - from) / 2)));
}

const BAD: Readonly<Record<string, (server: ModelServer, seen: Seen, response: ServerResponse) => void>> = {
  'is broken before an answer': (_, __, response) => response.destroy(),
  'is broken in the middle': (server, seen, response) => {
    sendHalf(server, seen, response);
    setTimeout(() => response.destroy(), 20);
  },
  'ends early without a word': (server, seen, response) => {
    sendHalf(server, seen, response, false);
    response.end();
  },
  'falls silent': (server, seen, response) => {
    sendHalf(server, seen, response);
  },
  'falls silent before an answer': () => undefined,
};

describe('a connection that', () => {
  test.each(Object.entries(BAD))('%s is tried again', async (_, bad) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    first(server, 3, (seen, response) => {
      bad(server, seen, response);
    });
    const { waits, notes } = await runFetch(server, folder, { stallMs: 300 });
    expect(waits).toHaveLength(3);
    expect(notes).toHaveLength(3);
    for (const note of notes)
      expect(note).toMatch(/^127\.0\.0\.1:\d+ .*; trying again in 1 s \(\d of (5|13)\)\.$/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('is slow, but never silent for long, is left to its pace', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    const stallMs = 5000;
    // A byte now and then, many of them within the longest silence, and the rest when that is long over.
    first(server, 1, ({ range }, response) => {
      const file = server.files.get(WEIGHTS);
      const { from, to } = stretch(range, file?.bytes ?? 0);
      response.writeHead(206, {
        'content-range': `bytes ${from}-${to - 1}/${file?.bytes ?? 0}`,
        'content-length': to - from,
      });
      const began = performance.now();
      let at = from;
      const drip = setInterval(() => {
        if (performance.now() - began < 1.5 * stallMs) {
          response.write(file?.read(at, ++at));
          return;
        }
        clearInterval(drip);
        response.end(file?.read(at, to));
      }, 50);
    });
    const { waits, notes } = await runFetch(server, folder, { stallMs });
    expect({ waits, notes }).toEqual({ waits: [], notes: [] });
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('breaks again and again, but brings something each time, is no reason to give up', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    first(server, 12, (seen, response) => {
      sendHalf(server, seen, response);
      setTimeout(() => response.destroy(), 20);
    });
    const { waits } = await runFetch(server, folder, { connections: 1, retries: { attempts: 2 } });
    expect(waits).toHaveLength(12);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('brings nothing is given up, and what is there is kept', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    breakAfter(server, WEIGHTS, 2);
    await expect(runFetch(server, folder, { connections: 1 })).rejects.toMatchObject({
      code: 'network-unreachable',
      message: expect.stringMatching(
        / broke the connection, 14 times in a row: check the connection,/,
      ) as string,
    });
    server.intercept = () => false;
    server.seen.length = 0;
    await runFetch(server, folder);
    expect(server.requestsOf(WEIGHTS)).toHaveLength(
      Math.ceil((server.files.get(WEIGHTS)?.bytes ?? 0) / PIECE) - 2,
    );
  });
});

describe('a server that is busy', () => {
  test.each([429, 500, 502, 503, 504])('with status %i is asked again', async (status) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    first(server, 2, (_, response) => response.writeHead(status).end('later'));
    const { waits, notes } = await runFetch(server, folder, { connections: 1 });
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeGreaterThanOrEqual(250);
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(waits[1]).toBeGreaterThanOrEqual(500);
    expect(waits[1]).toBeLessThanOrEqual(1000);
    expect(notes[0]).toMatch(
      new RegExp(`answered ${status} to the request for ${WEIGHTS}; trying again in 1 s`),
    );
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test.each([
    ['seconds', () => '7'],
    ['a date', () => new Date(Date.now() + 8000).toUTCString()],
  ])('is left alone as long as it asks for, in %s', async (_, header) => {
    const server = await modelServer(miniModel());
    first(server, 1, (_seen, response) => response.writeHead(429, { 'retry-after': header() }).end());
    const { waits } = await runFetch(server, tempFolder());
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThan(6000);
    expect(waits[0]).toBeLessThan(9000);
  });

  test('for longer than a user would wait is given up', async () => {
    const server = await modelServer(miniModel());
    first(server, 1, (_, response) => response.writeHead(503, { 'retry-after': '7200' }).end());
    await expect(runFetch(server, tempFolder())).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(
        /answered 503 .*, and asks to wait for 120 min: try again then\.$/,
      ) as string,
    });
  });

  test('for ever is given up with a sentence', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file === undefined) response.writeHead(500).end();
      return file === undefined;
    };
    await expect(runFetch(server, tempFolder())).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringMatching(
        /answered 500 to the request for the list of files, 6 times in a row: try again later\.$/,
      ) as string,
    });
    expect(server.seen).toHaveLength(6);
  });
});
