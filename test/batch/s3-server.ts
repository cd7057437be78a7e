import { createServer, connect, type Server, type Socket } from 'node:net';
import S3rver from 's3rver';
import { afterAll, beforeAll } from 'vitest';
import { closeS3 } from '../../batch/storage/s3.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** An S3-compatible server behind a connection that can be broken. */
export interface S3TestServer {
  readonly bucket: string;
  /** Breaks connections: each of the next ones when the server has sent so many bytes. */
  breakNext(connections: number, afterBytes: number): void;
  /** Connections that were broken. */
  broken(): number;
}

/** Starts a server for a test file, and lets the environment lead the SDK to it. */
export function s3TestServer(): S3TestServer {
  const bucket = 'pictures';
  let left = 0;
  let limit = 0;
  let broken = 0;
  let proxy: Server | undefined;
  let server: S3rver | undefined;
  const sockets = new Set<Socket>();
  const before = { ...process.env };

  beforeAll(async () => {
    server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: tempFolder(),
      configureBuckets: [{ name: bucket, configs: [] }],
    });
    const { port } = await server.run();
    proxy = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      let sent = 0;
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => {
        sent += chunk.length;
        if (left > 0 && sent > limit) {
          left--;
          broken++;
          client.destroy();
        } else client.write(chunk);
      });
      upstream.on('end', () => client.end());
    });
    await new Promise<void>((resolve) => proxy?.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    const proxyPort = typeof address === 'object' ? address?.port : undefined;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${proxyPort ?? 0}`,
      AWS_ACCESS_KEY_ID: 'S3RVER',
      AWS_SECRET_ACCESS_KEY: 'S3RVER',
    });
  });
  afterAll(async () => {
    await closeS3();
    process.env = before;
    for (const socket of sockets) socket.destroy();
    proxy?.close();
    await server?.close();
  });
  return {
    bucket,
    breakNext: (connections, afterBytes) => {
      left = connections;
      limit = afterBytes;
      broken = 0;
    },
    broken: () => broken,
  };
}
