import { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { serialize } from 'node:v8';
import { MessagePort } from 'node:worker_threads';
import { afterEach, expect, it, vi } from 'vitest';
import { makePictures, sendForms } from '../../bench/load/form-clients.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';

let service: TestService | undefined;

afterEach(async () => {
  vi.restoreAllMocks();
  await service?.stop();
  service = undefined;
});

/** Answers that are counted. */
const ANSWERS = 8;
/** Of a message; the pixels of a picture are 27,648 bytes. */
const MOST_BYTES = 1024;

it('an answer takes a message to a decoder and two between service and engine, without pixels', async () => {
  const processes: EventEmitter = ChildProcess.prototype;
  const events = vi.spyOn(processes, 'emit');
  service = await serve({ MODEL_DIR: await fixturePackage('mini-none') });
  const pictures = await makePictures();
  // Starts the threads.
  await sendForms(service.url, pictures, 1, 2);
  const engine = events.mock.contexts[events.mock.calls.findIndex(([event]) => event === 'message')];
  if (!(engine instanceof ChildProcess)) throw new Error('The engine has sent nothing.');
  events.mockClear();
  const toEngine = vi.spyOn(engine, 'send');
  const toThreads = vi.spyOn(MessagePort.prototype, 'postMessage');
  await sendForms(service.url, pictures, 1, ANSWERS);
  const received = events.mock.calls.filter(([event]) => event === 'message').map(([, message]) => message as unknown);
  const sent = toEngine.mock.calls.map(([message]) => message as unknown);
  expect([sent.length, received.length, toThreads.mock.calls.length]).toEqual([ANSWERS, ANSWERS, ANSWERS]);
  const bytes = [...sent, ...received].map((message) => serialize(message).byteLength);
  expect(Math.max(...bytes)).toBeLessThan(MOST_BYTES);
});
