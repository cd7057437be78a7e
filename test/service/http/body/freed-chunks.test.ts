import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CAN_FREE } from '../../../../model/free-memory.ts';
import { parseForm } from '../../../../service/http/body/form.ts';
import { readJsonBody } from '../../../../service/http/body/json.ts';
import { RequestBody } from '../../../../service/http/body/request-body.ts';
import { SeededRandom } from '../../../../testing/random.ts';
import { UNWATCHED } from './body-of.ts';
import { LIMITS } from './form-limits.ts';

let server: Server;
let socket: Socket;
/** All chunks of the body that were read. */
let chunks: Uint8Array[];

beforeEach(async () => {
  chunks = [];
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.setNoDelay(true).on('error', () => undefined);
});

afterEach(() => {
  socket.destroy();
  server.close();
});

/** Sends a body in parts with pauses between some of them. @returns it as the service reads it */
async function sent(bytes: Buffer, headers: Record<string, string>, random: SeededRandom): Promise<RequestBody> {
  const lines = Object.entries({ host: 'a', 'content-length': String(bytes.length), ...headers });
  socket.write(`POST / HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n`);
  const sending = async (): Promise<void> => {
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.integer(random.integer(5) === 0 ? 150_000 : 5000);
      socket.write(bytes.subarray(at, (at += size)));
      if (random.integer(8) === 0) await new Promise((resolve) => setTimeout(resolve, random.integer(3)));
    }
  };
  const [incoming] = (await once(server, 'request')) as [IncomingMessage];
  void sending();
  const body = new RequestBody(new Request('http://a/', { method: 'POST', headers }), {
    ...UNWATCHED,
    signal: new AbortController().signal,
    incoming,
  });
  const read = body.chunks.bind(body);
  body.chunks = async function* recorded() {
    for await (const chunk of read()) {
      chunks.push(chunk);
      yield chunk;
    }
  };
  return body;
}

/** Bytes that look like the ends of parts and chunks now and then. */
function content(length: number, random: SeededRandom): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = 32 + random.integer(90);
  for (let at = 0; at < length; at += 1000) bytes.write('\r\n--boundar_', at);
  return bytes;
}

const part = (name: string, bytes: Buffer): Buffer[] => {
  const fileName = name === 'text' ? '' : '; filename="a"';
  return [
    Buffer.from(`--boundary\r\ncontent-disposition: form-data; name="${name}"${fileName}\r\n\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ];
};

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'keeps all of a form whose chunks are freed as it is read (seed %i)',
  async (seed) => {
    const random = new SeededRandom(seed);
    const images = [1, 2, 3].map(() => content(random.integer(300_000), random));
    const texts = [1, 2, 3].map(() => content(random.integer(90_000), random));
    const form = Buffer.concat([
      ...part('text', texts[0] ?? Buffer.alloc(0)),
      ...part('image', images[0] ?? Buffer.alloc(0)),
      ...part('other', content(100_000, random)),
      ...part('image', images[1] ?? Buffer.alloc(0)),
      ...part('text', texts[1] ?? Buffer.alloc(0)),
      ...part('text', texts[2] ?? Buffer.alloc(0)),
      ...part('image', images[2] ?? Buffer.alloc(0)),
      Buffer.from('--boundary--\r\n'),
    ]);
    const body = await sent(form, { 'content-type': 'multipart/form-data; boundary=boundary' }, random);
    const { files, texts: read } = await parseForm(body, { ...LIMITS, textBytes: 100_000 });
    expect(read.get('text')?.map((text, at) => [text.length, text === String(texts[at])])).toEqual(
      texts.map(({ length }) => [length, true]),
    );
    expect(files.get('image')?.map((image, at) => images[at]?.equals(image))).toEqual([true, true, true]);
    if (CAN_FREE) expect(chunks.filter(({ length }) => length >= 4096)).toEqual([]);
  },
);

it.each(['identity', 'gzip'])('keeps all of a JSON body (%s)', async (encoding) => {
  const random = new SeededRandom(9);
  const json = content(500_000, random);
  const bytes = encoding === 'gzip' ? gzipSync(json) : json;
  const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
  const { bytes: read } = await readJsonBody(await sent(bytes, headers, random));
  expect(json.equals(read)).toBe(true);
});
