// Clients that send forms with pictures to /predict.
import { Agent } from 'node:http';
import sharp from 'sharp';
import { post } from '../support/post.ts';

/** Distinct pictures; every request has one that differs in its comment. */
const PICTURES = 16;
const BOUNDARY = 'ofa-ve-bench';
const SENTENCES = ['there are two red circles', 'the square is blue', 'no circle is green', 'there is a triangle'];

/** JPEGs of smoothed noise; of 640x480, about 100 KB each. */
export async function makePictures(width = 640, height = 480): Promise<Buffer[]> {
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 0x7fff_ffff) & 0xff;
  return Promise.all(
    Array.from({ length: PICTURES }, () => {
      const raw = { width: width / 4, height: height / 4, channels: 3 } as const;
      const pixels = Buffer.from(Uint8Array.from({ length: raw.width * raw.height * raw.channels }, random));
      return sharp(pixels, { raw }).resize(width, height).jpeg({ quality: 84 }).toBuffer();
    }),
  );
}

let sent = 0;

/** Headers of every form. */
export const FORM_HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` } as const;

/** A form with a sentence and a picture that no other form has: a comment in the JPEG tells it from others. */
export function nextForm(pictures: readonly Buffer[]): Buffer {
  const number = sent++;
  const picture = pictures[number % pictures.length] ?? Buffer.alloc(0);
  const comment = Buffer.alloc(12);
  comment.writeUInt16BE(0xff_fe, 0);
  comment.writeUInt16BE(10, 2);
  comment.writeDoubleBE(number, 4);
  const text = SENTENCES[number % SENTENCES.length] ?? '';
  return Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="text"\r\n\r\n${text}\r\n` +
        `--${BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`,
    ),
    picture.subarray(0, 2),
    comment,
    picture.subarray(2),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
}

/** Sends a form to /predict. @returns the status of the response, which has arrived in full */
export async function postForm(url: string, agent: Agent, body: Buffer): Promise<number> {
  const { statusCode = 0 } = await post(`${url}/predict`, agent, FORM_HEADERS, body);
  return statusCode;
}

/** What clients saw. */
export interface FormLoad {
  readonly seconds: number;
  /** Milliseconds of each answer. */
  readonly latencies: readonly number[];
}

/**
 * Sends `count` forms, each client its next one as soon as its last is answered.
 *
 * @throws Error if one is not answered with 200
 */
export async function sendForms(
  url: string,
  pictures: readonly Buffer[],
  clients: number,
  count: number,
): Promise<FormLoad> {
  const agent = new Agent({ keepAlive: true });
  const latencies: number[] = [];
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const body = nextForm(pictures);
      const startMs = performance.now();
      const status = await postForm(url, agent, body);
      if (status !== 200) throw new Error(`${url} answered ${status}`);
      latencies.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return { seconds: (performance.now() - startMs) / 1000, latencies };
}
