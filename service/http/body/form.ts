import { Busboy } from '@fastify/busboy';
import type { BusboyInstance } from '@fastify/busboy';
import { ByteBuilder } from './byte-builder.ts';
import { HttpProblem } from '../problems/problem.ts';

/** What a multipart form held: texts by name in their order, and files by name. */
export interface Form {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, readonly Uint8Array[]>;
}

export interface FormLimits {
  /** Parts of the form, files included. */
  readonly parts: number;
  /** Bytes of one text, and what is said of one that is longer. */
  readonly textBytes: number;
  readonly tooLong: string;
  /** The text that may be repeated, how often, and what is said where it is more often. */
  readonly repeated: { readonly name: string; readonly most: number; readonly tooMany: string };
  /** Bytes of the body, where they are known; else 0. */
  readonly expectedBytes: number;
}

/**
 * Parses a multipart form while its chunks arrive.
 *
 * @param contentType the request's Content-Type, with its boundary
 * @throws HttpProblem `malformed-body`, `invalid-field`
 */
export async function parseForm(
  contentType: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: FormLimits,
): Promise<Form> {
  const texts = new Map<string, string[]>();
  const files = new Map<string, Uint8Array[]>();
  const parser = makeParser(contentType, limits);
  const parsed = new Promise<void>((resolve, reject) => {
    parser.on('file', (name, stream) => {
      let content: ByteBuilder | undefined;
      stream.on('data', (chunk: Buffer) => {
        // Not concatenated at the end: copying a large image takes long when it is done at once.
        content ??= new ByteBuilder(limits.expectedBytes);
        content.append(chunk);
      });
      stream.on('error', reject);
      stream.on('end', () => {
        append(files, name, content?.bytes() ?? new Uint8Array());
      });
    });
    parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
      if (valueTruncated) reject(invalid(name, limits.tooLong));
      append(texts, name, value);
      // Not left to who reads the form: with many more the limit of parts would be named.
      const { repeated } = limits;
      if (name === repeated.name && (texts.get(name)?.length ?? 0) > repeated.most) {
        reject(invalid(name, repeated.tooMany));
      }
    });
    parser.on('partsLimit', () => {
      reject(malformed(`The form has more than ${limits.parts} parts.`));
    });
    parser.on('finish', resolve);
    parser.on('error', (cause) => {
      reject(malformed('The form ends early or its parts are not well formed.', cause));
    });
  });
  // Until it is awaited below, a failure must not count as unhandled.
  parsed.catch(() => undefined);
  const fed = feed(parser, chunks, parsed);
  try {
    await Promise.all([fed, parsed]);
  } finally {
    parser.destroy();
  }
  return { texts, files };
}

async function feed(
  parser: BusboyInstance,
  chunks: AsyncIterable<Uint8Array>,
  parsed: Promise<void>,
): Promise<void> {
  for await (const chunk of chunks) {
    if (parser.write(chunk)) continue;
    // A parser that failed never drains.
    await Promise.race([new Promise((resolve) => parser.once('drain', resolve)), parsed]);
  }
  parser.end();
}

function makeParser(contentType: string, limits: FormLimits): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: {
        parts: limits.parts,
        fieldSize: limits.textBytes,
        fieldNameSize: 100,
        headerPairs: 20,
      },
    });
  } catch (cause) {
    throw malformed('The form has no boundary in its Content-Type.', cause);
  }
}

function append<T>(map: Map<string, T[]>, name: string, value: T): void {
  map.set(name, [...(map.get(name) ?? []), value]);
}

function malformed(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem('malformed-body', detail, { cause });
}

function invalid(field: string, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field "${field}" ${what}.`, { field });
}
