import dns from 'node:dns';
import { existsSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, MODEL_ID, type ModelServer, modelServer, type Seen, sendHead, startOf } from './model-server.ts';
import { failureOf, isSame, leavePartial, partialPath, runFetch, WEIGHTS } from './run-fetch.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Answers the first requests for the weights in another way. */
function answerFirst(
  server: ModelServer,
  times: number,
  answer: (request: Seen, response: ServerResponse) => void,
): void {
  let count = 0;
  server.intercept = (request, response) => {
    if (request.file !== WEIGHTS || count >= times) return false;
    count++;
    answer(request, response);
    return true;
  };
}

/** Sends the headers of a response and the next 100,000 bytes. */
function sendSome(server: ModelServer, { range }: Seen, response: ServerResponse): void {
  const weights = server.files.get(WEIGHTS);
  if (weights === undefined) return;
  sendHead(weights, range, response);
  response.write(weights.read(startOf(range), startOf(range) + 100_000));
}

/** Sends the next 100,000 bytes, and closes the connection when they are on the client's disk. */
function sendSomeAndClose(server: ModelServer, folder: string, request: Seen, response: ServerResponse): void {
  sendSome(server, request, response);
  const partial = partialPath(server, folder);
  const poll = setInterval(() => {
    if (!existsSync(partial) || statSync(partial).size < startOf(request.range) + 100_000) return;
    clearInterval(poll);
    response.destroy();
  }, 5);
}

const BROKEN: Readonly<Record<string, (server: ModelServer, request: Seen, response: ServerResponse) => void>> = {
  'is closed before a response': (_, __, response) => response.destroy(),
  'is closed halfway': (server, request, response) => {
    sendSome(server, request, response);
    setTimeout(() => response.destroy(), 20);
  },
  'ends early without Content-Length': (server, { range }, response) => {
    const from = startOf(range);
    const headers = { 'content-range': `bytes ${from}-1390724/1390725` };
    response.writeHead(range === undefined ? 200 : 206, range === undefined ? {} : headers);
    response.end(server.files.get(WEIGHTS)?.read(from, from + 100_000));
  },
  'falls silent': sendSome,
  'falls silent before a response': () => undefined,
};

describe('a connection that', () => {
  test.each(Object.entries(BROKEN))('%s is tried again', async (_, breakIt) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    answerFirst(server, 3, (request, response) => {
      breakIt(server, request, response);
    });
    const { waits, notes } = await runFetch(server, folder, { stallMs: 300 });
    expect(waits).toHaveLength(3);
    expect(notes).toHaveLength(3);
    for (const note of notes)
      expect(note).toMatch(/^(The connection to )?127\.0\.0\.1:\d+ .*; retrying in \d s \(\d of 9\)\.$/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('breaks is resumed at the byte that it had reached', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    answerFirst(server, 2, (request, response) => {
      sendSomeAndClose(server, folder, request, response);
    });
    const { progress } = await runFetch(server, folder);
    expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
    const { received, total } = progress.at(-1) ?? {};
    expect(received).toBe(total);
  });

  test('is slow, but never silent for long, is left alone', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    const stallMs = 5000;
    // Single bytes for longer than the longest silence allowed, then the rest.
    answerFirst(server, 1, ({ range }, response) => {
      const weights = server.files.get(WEIGHTS);
      if (weights === undefined) return;
      sendHead(weights, range, response);
      const begin = performance.now();
      let at = 0;
      const drip = setInterval(() => {
        if (performance.now() - begin < 1.5 * stallMs) {
          response.write(weights.read(at, ++at));
          return;
        }
        clearInterval(drip);
        response.end(weights.read(at, weights.bytes));
      }, 50);
    });
    const { waits, notes } = await runFetch(server, folder, { stallMs });
    expect({ waits, notes }).toEqual({ waits: [], notes: [] });
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});

describe('an outage', () => {
  test('of two minutes is waited for', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    leavePartial(server, folder, 1000);
    answerFirst(server, 9, (_, response) => response.destroy());
    const { waits } = await runFetch(server, folder);
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('that lasts longer is given up, and what was received is kept', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    leavePartial(server, folder, 1000);
    answerFirst(server, Infinity, (_, response) => response.destroy());
    const { code, message } = await failureOf(server, folder);
    expect(code).toBe('network-unreachable');
    expect(message).toMatch(/^The connection to \S+ failed \(other side closed\): check the connection, /);
    server.intercept = () => false;
    server.seen.length = 0;
    await runFetch(server, folder);
    expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual(['bytes=1000-']);
  });

  test('between attempts that each bring bytes is not counted', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    // Each time some bytes arrive, and then 8 attempts fail.
    let count = 0;
    answerFirst(server, 27, (request, response) => {
      if (count++ % 9 > 0) {
        response.destroy();
        return;
      }
      sendSomeAndClose(server, folder, request, response);
    });
    const { waits } = await runFetch(server, folder);
    expect(waits).toHaveLength(27);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});

describe('a server that is busy', () => {
  test.each([429, 500, 502, 503, 504])('with status %i is asked again', async (status) => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    answerFirst(server, 2, (_, response) => response.writeHead(status).end('later'));
    const { waits, notes } = await runFetch(server, folder);
    expect(waits).toEqual([500, 1000]);
    expect(notes[0]).toMatch(
      new RegExp(`answered ${status} to the request for ${WEIGHTS}; retrying in 1 s \\(1 of 9\\)`),
    );
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('again and again is given up', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file === undefined) response.writeHead(500).end();
      return file === undefined;
    };
    const { code, message } = await failureOf(server, tempFolder());
    expect(code).toBe('download-failed');
    expect(message).toMatch(/answered 500 to the request for model .*: try again later; what has arrived is kept\.$/);
    expect(server.seen).toHaveLength(10);
  });
});

describe('a name that cannot be resolved', () => {
  /** Resolves every name to this machine, after as many failures as `failures` says. */
  function resolver(): { failures: number; lookups: number } {
    const state = { failures: 0, lookups: 0 };
    type Done = (error: Error | null, found?: { address: string; family: number }[]) => void;
    const lookup = (_host: string, _options: unknown, done: Done): void => {
      state.lookups++;
      if (state.failures-- > 0) done(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
      else done(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
    return state;
  }

  test('is reported at once', async () => {
    const names = resolver();
    names.failures = Infinity;
    const { code, message } = await failureOf({ endpoint: 'http://models.example', id: MODEL_ID }, tempFolder());
    expect(code).toBe('network-unreachable');
    expect(message).toMatch(/^The connection to models\.example failed \(getaddrinfo\): check the connection, /);
    expect(names.lookups).toBe(1);
  });

  test('is tried again if a request was answered before', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    leavePartial(server, folder, 1000);
    const names = resolver();
    server.intercept = ({ file }, response) => {
      // Makes every request look the name up.
      response.setHeader('connection', 'close');
      if (file === 'ans2label.json') names.failures = 9;
      return false;
    };
    const endpoint = server.endpoint.replace('127.0.0.1', 'models.example');
    const { waits, notes } = await runFetch({ endpoint, id: server.id }, folder);
    expect(waits).toHaveLength(9);
    expect(notes[0]).toMatch(/^The connection to models\.example:\d+ failed \(getaddrinfo\); retrying in 1 s/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});
