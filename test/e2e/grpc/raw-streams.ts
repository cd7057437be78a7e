import { once } from 'node:events';
import { connect } from 'node:net';

const SETTINGS = 4;
const PING = 6;
const HEADERS = 1;
const GOAWAY = 7;
/** Of SETTINGS and PING; of HEADERS, the end of the stream has the same bit. */
const ACK = 1;
const END_STREAM = 1;
const END_HEADERS = 4;

/** What an HTTP/2 client sends first, and an empty SETTINGS frame. */
export const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(SETTINGS, 0)]);

/**
 * Opens streams of ModelInfer that send nothing but their headers, `atOnce` at a time: when a stream has its answer, it
 * is left as it is for the next one, as gRPC's clients for Go and Java do with a message that they have yet to send.
 *
 * @returns how many streams were answered, and how often the server gave up the connection
 */
export async function refuseStreams(
  port: number,
  { atOnce, total }: { readonly atOnce: number; readonly total: number },
): Promise<{ refused: number; goaways: number }> {
  const socket = connect(port, '127.0.0.1');
  let opened = 0;
  let refused = 0;
  let goaways = 0;
  const open = (): void => {
    if (opened < total) socket.write(frame(HEADERS, END_HEADERS, inferHeaders(), 1 + 2 * opened++));
  };
  socket.on('error', () => undefined);
  socket.write(PREFACE);
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const [type, flags] = [rest.readUInt8(3), rest.readUInt8(4)];
      if (type === SETTINGS && (flags & ACK) === 0) {
        socket.write(frame(SETTINGS, ACK));
        while (opened < atOnce) open();
      } else if (type === PING && (flags & ACK) === 0) socket.write(frame(PING, ACK, rest.subarray(9, end)));
      else if (type === GOAWAY) goaways++;
      else if (type === HEADERS && (flags & END_STREAM) !== 0) {
        refused++;
        open();
      }
      rest = rest.subarray(end);
    }
    if (refused === total || goaways > 0) socket.destroy();
  });
  await once(socket, 'close');
  return { refused, goaways };
}

function frame(type: number, flags: number, payload: Uint8Array = Buffer.alloc(0), stream = 0): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** As HPACK: POST and http by their index, the others as literals, most with a name by its index. */
function inferHeaders(): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x86, 0x04]),
    text('/inference.GRPCInferenceService/ModelInfer'),
    Buffer.from([0x01]),
    text('localhost'),
    Buffer.from([0x0f, 31 - 15]), // content-type
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}
