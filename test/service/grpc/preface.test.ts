import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listenGrpc } from '../../../service/grpc/listen.ts';
import { UNMATCHED, type RequestSummary } from '../../../service/observability/request-record.ts';
import type { Listener } from '../../../service/requests/listener.ts';
import { PREFACE } from '../../e2e/grpc/raw-streams.ts';
import { expectProblem, fakeService } from '../http/fake-service.ts';
import { responseOf } from '../http/raw-server.ts';

let listener: Listener | undefined;
const recorded: RequestSummary[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  vi.useRealTimers();
  recorded.length = 0;
  for (const socket of sockets.splice(0)) socket.destroy();
  listener?.destroy();
  await listener?.close();
  listener = undefined;
});

/** Starts a service, and connects to its port for gRPC. */
async function open(): Promise<Socket> {
  const { deps } = fakeService();
  const health = { ...deps.health, onChange: () => undefined };
  const observer = { end: (summary: RequestSummary) => recorded.push(summary) };
  listener = await listenGrpc({ ...deps, health, observer }, { host: '127.0.0.1', port: 0 });
  const socket = connect(listener.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

describe('a client is told, and the log, too, what is wrong when it', () => {
  const HTTP1 = 'the client speaks HTTP/1.1, which has a port of its own (PORT)';

  it.each([
    ['asks by HTTP/1.1', 'GET / HTTP/1.1\r\nhost: a\r\n\r\n', HTTP1],
    ['sends a body by HTTP/1.1', `POST /predict HTTP/1.1\r\nhost: a\r\n\r\n${'a'.repeat(1_000_000)}`, HTTP1],
    ['asks an absolute address', 'GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n', HTTP1],
    ['speaks TLS', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1]), 'This port takes gRPC without TLS'],
    ['speaks the PROXY protocol', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n`, 'does not read the PROXY protocol'],
    ['speaks none of these', 'SSH-2.0-a\r\n', 'This is not the start of a connection of gRPC.'],
  ])('%s', async (_, sent, detail) => {
    const socket = await open();
    socket.write(sent);
    const response = await responseOf(socket);
    expect(await expectProblem(response, 400, 'malformed-request')).toContain(detail);
    const requestId = response.headers.get('x-request-id');
    const logged: unknown = expect.stringContaining(detail);
    expect(recorded).toMatchObject([
      { route: UNMATCHED, status: 400, requestId, record: { protocol: 'grpc', attributes: { detail: logged } } },
    ]);
  });
});

it('serves a connection whose first bytes arrive one after the other', async () => {
  const socket = await open();
  const received = once(socket, 'data');
  socket.write(PREFACE.subarray(0, 1));
  await vi.waitFor(() => {
    expect(socket.bytesWritten).toBe(1);
  });
  socket.write(PREFACE.subarray(1));
  const [frame] = (await received) as [Buffer];
  // SETTINGS.
  expect(frame.readUInt8(3)).toBe(4);
  expect(recorded).toEqual([]);
});

describe('a connection on which nothing is sent', () => {
  it('is closed after a time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = await open();
    const closed = once(socket, 'close');
    await vi.waitFor(async () => {
      vi.advanceTimersByTime(15_000);
      await Promise.race([closed, new Promise((_, reject) => setImmediate(reject, new Error('It is open.')))]);
    });
    expect(recorded).toEqual([]);
  });

  it('does not hold up a shutdown', async () => {
    const socket = await open();
    await Promise.all([once(socket, 'close'), listener?.close()]);
    expect(recorded).toEqual([]);
  });
});
