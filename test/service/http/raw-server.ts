import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';
import type { App } from '../../../service/http/context.ts';
import { listen, type ListenOptions } from '../../../service/http/listen.ts';
import type { Listener } from '../../../service/requests/listener.ts';

/** A listening application, and raw connections to it. */
export interface RawServer {
  /** Listens with an application on a free port of this machine. */
  start(app: App, options?: Partial<ListenOptions>): Promise<Listener>;
  /** Connects to what was started last. */
  open(options?: { allowHalfOpen?: boolean }): Promise<Socket>;
}

/** A server for a test file; it and its connections are closed after each test. */
export function useRawServer(): RawServer {
  let listener: Listener | undefined;
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener?.destroy();
    await listener?.close();
    listener = undefined;
  });
  return {
    start: async (app, options = {}) => {
      listener = await listen(app, '127.0.0.1', 0, { setting: 'PORT', ...options });
      return listener;
    },
    open: async (options = {}) => {
      const socket = connect({ port: listener?.port ?? 0, host: '127.0.0.1', ...options });
      sockets.push(socket);
      // The service may destroy the connection.
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** Reads the only response of a connection, until it ends. */
export async function responseOf(socket: Socket): Promise<Response> {
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  return new Response(body, {
    status: Number(status.split(' ')[1]),
    headers: headers.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    }),
  });
}
