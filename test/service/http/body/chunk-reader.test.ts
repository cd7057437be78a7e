import { once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { IncomingReader } from '../../../../service/http/body/chunk-reader.ts';

describe('IncomingReader', () => {
  let server: Server;
  let sender: ClientRequest;
  let incoming: IncomingMessage;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    sender = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', method: 'POST' });
    sender.on('error', () => undefined).flushHeaders();
    [incoming] = (await once(server, 'request')) as [IncomingMessage];
  });

  afterEach(() => {
    sender.destroy();
    server.close();
  });

  test('reads chunks as they arrive, until the end', async () => {
    const reader = new IncomingReader(incoming, new AbortController().signal);
    for (const text of ['one', 'two']) {
      const chunk = reader.read();
      sender.write(text);
      expect(Buffer.from((await chunk) ?? []).toString()).toBe(text);
    }
    sender.end();
    expect(await reader.read()).toBeUndefined();
    expect(await reader.read()).toBeUndefined();
  });

  test('reads chunks that have arrived before in their order', async () => {
    const reader = new IncomingReader(incoming, new AbortController().signal);
    for (const text of ['one', 'two', 'three']) {
      const arrived = once(incoming, 'data');
      sender.write(text);
      await arrived;
    }
    const texts = [await reader.read(), await reader.read(), await reader.read()];
    expect(texts.map((chunk) => Buffer.from(chunk ?? []).toString())).toEqual(['one', 'two', 'three']);
  });

  test('reads all of a large body, and holds no more of it than a socket does', async () => {
    const body = Buffer.alloc(8 * 2 ** 20, 'ab');
    sender.end(body);
    const reader = new IncomingReader(incoming, new AbortController().signal);
    const chunks = [(await reader.read()) ?? new Uint8Array()];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(incoming.isPaused()).toBe(true);
    expect(incoming.socket.bytesRead).toBeLessThan(2 ** 20);
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
  });

  test("rejects with the signal's reason while it waits, and leaves the rest to be read", async () => {
    const controller = new AbortController();
    const reader = new IncomingReader(incoming, controller.signal);
    const chunk = reader.read();
    controller.abort(new Error('too late'));
    await expect(chunk).rejects.toThrow('too late');
    reader.release();
    sender.end('rest');
    incoming.resume();
    await once(incoming, 'end');
    expect(incoming.destroyed || incoming.complete).toBe(true);
  });

  test('rejects when the connection breaks', async () => {
    const reader = new IncomingReader(incoming, new AbortController().signal);
    const chunk = reader.read();
    sender.destroy();
    await expect(chunk).rejects.toThrow('aborted');
    await expect(reader.read()).rejects.toThrow('aborted');
  });
});
