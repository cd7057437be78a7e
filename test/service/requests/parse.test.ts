import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseBody, type JsonBody } from '../../../service/requests/parse.ts';
import { parser as inferParser } from '../../../service/http/open-inference/parse.ts';
import { parser as predictParser } from '../../../service/http/predict/parse.ts';

const { signal } = new AbortController();
/** Larger than what is parsed in the main thread. */
const IMAGE = Buffer.alloc(3e6, 'GIF89a\0\x01\x02');
const BASE64 = IMAGE.toString('base64');

function bodyOf(json: object, binary = new Uint8Array()): JsonBody {
  const text = Buffer.from(JSON.stringify(json));
  return { bytes: Uint8Array.from([...text, ...binary]), jsonLength: text.length };
}

function isImage(bytes: Uint8Array | undefined): boolean {
  return Buffer.from(bytes ?? []).equals(IMAGE);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a large body', () => {
  it('is parsed and decoded in a worker', async () => {
    const body = bodyOf({ image: BASE64, texts: ['a', 'b'], premise: 'c' });
    const parse = vi.spyOn(JSON, 'parse');
    const toString = vi.spyOn(Buffer.prototype as Buffer, 'toString');
    const from = vi.spyOn(Buffer, 'from');
    const { questions, isList } = await parseBody(predictParser, body, signal);
    for (const spy of [parse, toString, from]) {
      expect(spy.mock.calls.filter(([text]) => typeof text === 'string' && text.length > 65_536)).toEqual([]);
    }
    vi.restoreAllMocks();
    expect(questions).toMatchObject([{ hypotheses: ['a', 'b'], premise: 'c' }]);
    expect([isImage(questions[0]?.image), isList]).toEqual([true, true]);
    // Handed over, not copied.
    expect(body.bytes.length).toBe(0);
  });

  it('is refused with the same problem as a small one', async () => {
    for (const text of ['a', 'a'.repeat(100_000)]) {
      const body = bodyOf({ image: 'R0lG', text: 5, premise: text });
      await expect(parseBody(predictParser, body, signal)).rejects.toMatchObject({
        name: 'HttpProblem',
        problem: 'invalid-field',
        field: 'text',
        message: 'The field "text" must be a text.',
      });
    }
  });

  it('keeps its images apart from its binary data', async () => {
    const inputs = [
      { name: 'text', shape: [2], datatype: 'BYTES', data: ['a', 'b'] },
      { name: 'image', shape: [2], datatype: 'BYTES', parameters: { binary_data_size: IMAGE.length + 12 } },
    ];
    const length = Buffer.alloc(4);
    length.writeUInt32LE(IMAGE.length);
    const small = Buffer.from('\x04\0\0\0R0lG', 'latin1');
    const body = bodyOf({ inputs }, Buffer.concat([length, IMAGE, small]));
    const { questions } = await parseBody(inferParser, body, signal);
    expect(isImage(questions[0]?.image)).toBe(true);
    expect(Buffer.from(questions[1]?.image ?? []).toString()).toBe('GIF');
  });

  it('is given up when the signal aborts', async () => {
    const controller = new AbortController();
    const parsed = parseBody(predictParser, bodyOf({ image: BASE64, text: 'a' }), controller.signal);
    controller.abort(new Error('too late'));
    await expect(parsed).rejects.toThrow('too late');
  });

  it('does not wait for others that were given up before a worker had them', async () => {
    const json = { image: BASE64.slice(0, 100_000), text: 'a' };
    const bodies = Array.from({ length: 8 }, () => bodyOf(json));
    const givenUp = bodies.map(async (body) => {
      const controller = new AbortController();
      const parsed = parseBody(predictParser, body, controller.signal);
      controller.abort(new Error('too late'));
      await expect(parsed).rejects.toThrow('too late');
    });
    await Promise.all(givenUp);
    await parseBody(predictParser, bodyOf(json), signal);
    // Those that a worker got are empty.
    expect(bodies.filter(({ bytes }) => bytes.length === 0).length).toBeLessThan(3);
  });
});
