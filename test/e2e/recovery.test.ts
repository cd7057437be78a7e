import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { metric, predictBody, send, until, type Outcome } from './client.ts';
import type { TestService } from './service.ts';
import { MARKED, stubServices } from './stub-service.ts';

const stub = stubServices();

const ask = async ({ url }: TestService, text: string, image?: string): Promise<Outcome> =>
  send(`${url}/predict`, await predictBody(text, image)).outcome;

const failures = ({ adminUrl }: TestService): Promise<number> =>
  metric(adminUrl, 'ofa_ve_engine_restarts_total{reason="run_error"}');

describe('a client that keeps sending items on which engines fail', () => {
  it('costs two engines, gets a clear answer, and does not affect others', async () => {
    const live = await stub.start({ error: MARKED.token });
    for (let time = 0; time < 5; time++) {
      const { status, headers, body } = await ask(live, MARKED.text);
      expect([status, headers['retry-after']]).toEqual([503, undefined]);
      expect(body).toContain('failed on this image and text');
    }
    expect(await failures(live)).toBe(2);
    expect((await ask(live, 'a')).status).toBe(200);
    expect((await fetch(`${live.url}/readyz`)).status).toBe(200);
  });

  it('does not end the service, with any number of such items, while others are answered', async () => {
    const live = await stub.start({ error: MARKED.token }, { MAX_BATCH: 1 });
    // Two failures each: more than the six that are too many with MAX_BATCH 1.
    for (const image of ['image-00.png', 'image-01.png', 'image-02.png', 'image-03.png']) {
      expect((await ask(live, MARKED.text, image)).status).toBe(503);
      expect((await ask(live, 'a')).status).toBe(200);
    }
    expect(await failures(live)).toBe(8);
    expect((await fetch(`${live.url}/livez`)).status).toBe(200);
  });
});

it('warns at start about a setting that has no effect', async () => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
  const settings = { ENGINE_TIMEOUT_MS: 60_000, REQUEST_TIMEOUT_MS: 30_000 };
  await stub.start({}, settings, { logger, wait: false });
  expect(lines.filter((line) => line.includes('ENGINE_TIMEOUT_MS is 60000'))).toHaveLength(1);
});

describe('a service without an engine', () => {
  it('is not ready, and when stopped answers the waiting requests and ends', async () => {
    const live = await stub.start({}, { SHUTDOWN_TIMEOUT_MS: 2000 });
    await stub.instruct({ start: 'hang' });
    live.model.pool.engines[0]?.supervisor.replace('gpu-error', 'simulated');
    const asked = ask(live, 'a');
    await until('it waits for the next engine', () => live.model.batcher.waiting === 1);
    const ready = await fetch(`${live.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('is being replaced: simulated');
    await live.stop();
    expect((await asked).status).toBe(503);
    await expect(live.finished).resolves.toBe(0);
    expect(live.model.pool.pid).toBeUndefined();
  });
});
