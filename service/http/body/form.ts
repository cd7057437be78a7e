import { Busboy, type BusboyEvents, type BusboyInstance } from '@fastify/busboy';
import { HttpProblem } from '../../requests/problem.ts';
import { ByteBuilder } from './byte-builder.ts';
import { quote } from '../../requests/check.ts';
import type { RequestBody } from './request-body.ts';

/** The known fields of a multipart form by name, repeated ones in their order. */
export interface Form {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly files: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Names of the other fields, whose content is not kept. */
  readonly unknown: ReadonlySet<string>;
}

export interface FormLimits {
  /** Names of the fields to read. */
  readonly known: ReadonlySet<string>;
  /** Most parts of the form, files included. */
  readonly parts: number;
  /** Most bytes of a text. */
  readonly textBytes: number;
  /** The end of the sentence that refuses a longer text. */
  readonly tooLong: string;
  /** The text that may be repeated, how often, and the end of the sentence that refuses more. */
  readonly repeated: { readonly name: string; readonly most: number; readonly tooMany: string };
}

/**
 * Parses a multipart form as it arrives.
 *
 * @throws HttpProblem `malformed-body` or `invalid-field`, and as {@link RequestBody.chunks}
 */
export async function parseForm(body: RequestBody, limits: FormLimits): Promise<Form> {
  const texts = new Map<string, string[]>();
  const files = new Map<string, Uint8Array[]>();
  const unknown = new Set<string>();
  const parser = makeParser(body.headers.get('content-type') ?? '', limits);
  const parsed = new Promise<void>((resolve, reject) => {
    // The types do not say that the name is missing if the part has none.
    parser.on('file', (name: string | undefined, stream) => {
      stream.on('error', reject);
      if (name === undefined) {
        reject(withoutName());
        stream.resume();
        return;
      }
      if (!limits.known.has(name)) {
        unknown.add(name);
        stream.resume();
        return;
      }
      let content: ByteBuilder | undefined;
      stream.on('data', (chunk: Buffer) => {
        // Concatenating a large image at the end would block the event loop.
        content ??= new ByteBuilder(body.announcedBytes);
        content.append(chunk);
      });
      stream.on('end', () => {
        append(files, name, content?.bytes() ?? new Uint8Array());
      });
    });
    parser.on('field', textReader(texts, unknown, limits, reject));
    parser.on('partsLimit', () => {
      reject(malformed(`The form has more than ${limits.parts} parts.`));
    });
    parser.on('finish', resolve);
    parser.on('error', (cause) => {
      reject(malformed('The form is truncated or one of its parts is malformed.', cause));
    });
  });
  // It is awaited below; until then a rejection must not count as unhandled.
  parsed.catch(() => undefined);
  const fed = feed(parser, body.chunks(), parsed);
  try {
    await Promise.all([fed, parsed]);
  } finally {
    parser.destroy();
  }
  return { texts, files, unknown };
}

async function feed(parser: BusboyInstance, chunks: AsyncIterable<Uint8Array>, parsed: Promise<void>): Promise<void> {
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
    throw malformed('The Content-Type of the form has no boundary.', cause);
  }
}

function append<T>(map: Map<string, T[]>, name: string, value: T): void {
  map.set(name, [...(map.get(name) ?? []), value]);
}

/** A text or a list of texts in JSON; undefined if it is neither. */
function textsOf(json: string): string[] | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    const values: unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    return values.every((value) => typeof value === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}

function malformed(detail: string, cause?: unknown): HttpProblem {
  return new HttpProblem('malformed-body', detail, { cause });
}

function invalid(field: string, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} ${what}.`, { field });
}

/** What takes in the text fields of a form. Repeated fields are checked here, since more would exceed the limit of parts. */
function textReader(
  texts: Map<string, string[]>,
  unknown: Set<string>,
  limits: FormLimits,
  reject: (problem: HttpProblem) => void,
): BusboyEvents['field'] {
  const jsonLists = new Set<string>();
  return (name: string | undefined, value, _nameTruncated, valueTruncated, _encoding, type) => {
    if (name === undefined) {
      reject(withoutName());
      return;
    }
    if (!limits.known.has(name)) {
      unknown.add(name);
      return;
    }
    if (valueTruncated) reject(invalid(name, limits.tooLong));
    if (name === limits.repeated.name && type === 'application/json') {
      // Java's okhttp-gson sends the whole list once for each of its elements.
      if (jsonLists.has(value)) return;
      const values = textsOf(value);
      if (values === undefined) reject(invalid(name, 'must be a text, or a list of texts as JSON'));
      if (values !== undefined && values.length > 1) jsonLists.add(value);
      for (const each of values ?? []) append(texts, name, each);
    } else {
      append(texts, name, value);
    }
    const { repeated } = limits;
    if (name === repeated.name && (texts.get(name)?.length ?? 0) > repeated.most) {
      reject(invalid(name, repeated.tooMany));
    }
  };
}

function withoutName(): HttpProblem {
  return malformed('A part of the form has no name: its Content-Disposition needs name="image", for example.');
}
