import { once } from 'node:events';
import { connect, createServer, type ListenOptions, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { listenAt, portOf, settle } from '../../../service/requests/listen-at.ts';

const servers: Server[] = [];
const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function newServer(): Server {
  const server = createServer((socket) => socket.end());
  servers.push(server);
  return server;
}

/** The address at which a server accepts a connection. */
async function accepts(host: string, server: Server): Promise<string | undefined> {
  const socket = connect(portOf(server, 0), host);
  await once(socket, 'connect');
  const { remoteAddress } = socket;
  socket.destroy();
  return remoteAddress;
}

describe('all addresses', () => {
  it('are those of IPv4, too', async () => {
    const server = newServer();
    await listenAt(server, { host: '::', port: 0, setting: 'PORT' });
    expect(await accepts('127.0.0.1', server)).toBe('127.0.0.1');
  });

  it.runIf(hasIpv6)('are those of IPv6', async () => {
    const server = newServer();
    await listenAt(server, { host: '::', port: 0, setting: 'PORT' });
    expect(await accepts('::1', server)).toBe('::1');
  });

  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('are those of IPv4 alone where IPv6 fails with %s', async (code) => {
    const server = newServer();
    const listen = server.listen.bind(server);
    server.listen = ((options: ListenOptions) => {
      if (options.host === '::')
        process.nextTick(() => server.emit('error', Object.assign(new Error('no IPv6'), { code })));
      else listen(options);
      return server;
    }) as typeof server.listen;
    await listenAt(server, { host: '::', port: 0, setting: 'PORT' });
    expect(server.address()).toMatchObject({ family: 'IPv4', address: '0.0.0.0' });
    expect(await accepts('127.0.0.1', server)).toBe('127.0.0.1');
  });
});

it('names the address that is taken', async () => {
  const first = newServer();
  await listenAt(first, { host: '127.0.0.1', port: 0, setting: 'PORT' });
  const port = portOf(first, 0);
  await expect(listenAt(newServer(), { host: '::', port, setting: 'ADMIN_PORT' })).rejects.toThrow(
    `Cannot listen on [::]:${port} (EADDRINUSE); choose another HOST or ADMIN_PORT.`,
  );
});

it('waits for a connection that was made while the process was busy', async () => {
  const server = newServer();
  await listenAt(server, { host: '127.0.0.1', port: 0, setting: 'PORT' });
  let accepted = 0;
  server.on('connection', () => accepted++);
  const settled = settle(server);
  const socket = connect(portOf(server, 0), '127.0.0.1');
  const busyUntil = performance.now() + 200;
  while (performance.now() < busyUntil);
  await settled;
  expect(accepted).toBe(1);
  socket.destroy();
});
