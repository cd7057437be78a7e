import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { Opened } from '../../../service/lifecycle/opened.ts';
import { shutDown } from '../../../service/lifecycle/shutdown.ts';
import type { Listener } from '../../../service/requests/listener.ts';

/** A listener that notes what is done to it. */
function listener(name: string, calls: string[] = []): Listener {
  return {
    port: 0,
    close: () => {
      calls.push(`${name} closed`);
      return Promise.resolve();
    },
    destroy: () => {
      calls.push(`${name} destroyed`);
    },
  };
}

it('goes on to the admin port, and ends, when something cannot be closed', async () => {
  const calls: string[] = [];
  const lines: string[] = [];
  const closing = new AbortController();
  const opened = new Opened();
  opened.add(() => Promise.reject(new Error('the file is gone')));
  opened.add(() => {
    calls.push('the others closed');
  });
  await shutDown(
    {
      logger: pino({ base: null }, { write: (line: string) => lines.push(line) }),
      health: { drain: () => undefined },
      listeners: { public: listener('public', calls), grpc: undefined, admin: listener('admin', calls) },
      closing,
      opened,
    },
    { drainMs: 0, timeoutMs: 1100 },
  );
  expect(calls).toEqual(['public closed', 'the others closed', 'admin closed', 'admin destroyed']);
  // When open requests would have been answered 503.
  await sleep(200);
  expect(closing.signal.aborted).toBe(false);
  const logged = lines.map((line) => JSON.parse(line) as { msg: string; err?: { message: string } });
  expect(logged.map(({ msg }) => msg)).toEqual(['stopping', 'something could not be closed', 'stopped']);
  expect(logged[1]?.err?.message).toBe('the file is gone');
});

it('leaves no timer that would keep a process alive', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const shutDowns = 20;
  for (let time = 0; time < shutDowns; time++) {
    await shutDown(
      {
        logger: pino({ level: 'silent' }),
        health: { drain: () => undefined },
        listeners: { public: listener('public'), grpc: undefined, admin: listener('admin') },
        closing: new AbortController(),
        opened: new Opened(),
      },
      { drainMs: 0, timeoutMs: 3_600_000 },
    );
  }
  // Some are of the test runner, and come and go.
  expect(timers() - before).toBeLessThan(shutDowns / 2);
});
