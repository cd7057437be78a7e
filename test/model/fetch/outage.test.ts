import dns from 'node:dns';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, MODEL_ID, modelServer } from './model-server.ts';
import { isSame, runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('an outage', () => {
  test('is waited for, for minutes, once a file has begun', async () => {
    const server = await modelServer(miniModel());
    let count = 0;
    server.intercept = ({ file }, response) => {
      if (file !== WEIGHTS || ++count === 1 || count > 14) return false;
      response.destroy();
      return true;
    };
    const folder = tempFolder();
    const { waits } = await runFetch(server, folder, { connections: 1 });
    expect(waits).toHaveLength(13);
    expect(waits.reduce((sum, ms) => sum + ms)).toBeGreaterThan(120_000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('is told soon where a file has not begun', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      if (file === WEIGHTS) response.destroy();
      return file === WEIGHTS;
    };
    await expect(runFetch(server, tempFolder(), { connections: 1 })).rejects.toThrow(/6 times in a row/);
  });
});

describe('a name that cannot be resolved', () => {
  /** Lets the names of this process lead to this machine, but for as many look-ups as `failures` says. */
  function resolver(): { failures: number; asked: number } {
    const state = { failures: 0, asked: 0 };
    type Done = (error: Error | null, found?: { address: string; family: number }[]) => void;
    const lookup = (_host: string, _options: unknown, done: Done): void => {
      state.asked++;
      if (state.failures-- > 0) done(Object.assign(new Error('raw'), { code: 'ENOTFOUND' }));
      else done(null, [{ address: '127.0.0.1', family: 4 }]);
    };
    vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup);
    return state;
  }

  test('is told at once', async () => {
    const names = resolver();
    names.failures = Infinity;
    await expect(
      runFetch({ endpoint: 'http://models.example', id: MODEL_ID }, tempFolder()),
    ).rejects.toMatchObject({
      code: 'network-unreachable',
      message: expect.stringMatching(
        /^The name models\.example cannot be resolved: check the conn/,
      ) as string,
    });
    expect(names.asked).toBe(1);
  });

  test('is tried again where it could be before', async () => {
    const server = await modelServer(miniModel());
    const names = resolver();
    let count = 0;
    server.intercept = ({ file }, response) => {
      // So that every request looks the name up.
      response.setHeader('connection', 'close');
      if (file === WEIGHTS && ++count === 2) names.failures = 13;
      return false;
    };
    const folder = tempFolder();
    const endpoint = server.endpoint.replace('127.0.0.1', 'models.example');
    const { waits, notes } = await runFetch({ endpoint, id: server.id }, folder, { connections: 1 });
    expect(waits).toHaveLength(13);
    expect(notes[0]).toMatch(/^The name models\.example:\d+ cannot be resolved; trying again in 1 s/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});
