import { once } from 'node:events';
import { connect } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { fakeService } from '../http/fake-service.ts';
import { Connections } from '../../../service/grpc/connections.ts';
import { makeGrpcServer } from '../../../service/grpc/server.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('keeps connections without calls, on which a call would fail while they are closed, until they are old', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  const server = createServer();
  const { deps } = fakeService();
  const health = { ...deps.health, onChange: () => undefined };
  const grpc = makeGrpcServer({ ...deps, health }, new Connections(server));
  server.on('connection', (socket) => {
    grpc.serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let goaways = 0;
  client.on('goaway', () => goaways++);
  let pings = 0;
  client.on('ping', () => pings++);
  await once(client, 'remoteSettings');
  const roundTrip = promisify(client.ping.bind(client) as (done: (error: Error | null) => void) => void);
  // With time between them for the server's own pings, and their answers.
  for (let minutes = 0; minutes < 25; minutes += 1 / 6) {
    await vi.advanceTimersByTimeAsync(10_000);
    await roundTrip();
  }
  // Those by which it notices clients that are gone.
  expect(pings).toBeGreaterThan(20);
  expect([goaways, client.destroyed]).toEqual([0, false]);
  client.destroy();
  grpc.destroy();
  server.close();
});
