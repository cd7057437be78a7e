import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { HttpProblem, JSON_TYPE, malformedBody } from '../../requests/problem.ts';
import { ByteBuilder } from './byte-builder.ts';
import { quote } from '../../requests/check.ts';
import type { RequestBody } from './request-body.ts';

/** Encodings of parts that forms no longer have (RFC 7578, section 4.7), but programs that write mails use. */
const TRANSFER_ENCODINGS = new Set(['base64', 'quoted-printable']);

const TRUNCATED = 'The form is truncated or one of its parts is malformed.';
const WITHOUT_PARTS =
  'The form has no parts: each must begin with the boundary that the Content-Type gives, and lines must end in CR LF.';
const WITHOUT_BOUNDARY =
  'The Content-Type of the form has no boundary: leave that header to the library that writes the form.';

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
  /** Those of them that are files, and the end of the sentence that refuses a text in their place. */
  readonly files: { readonly names: ReadonlySet<string>; readonly notAFile: string };
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
  const files = new Map<string, Uint8Array[]>();
  const unknown = new Set<string>();
  const texts = new FormTexts(limits);
  const parser = makeParser(body.headers.get('content-type') ?? '', limits);
  let hasParts = false;
  const parsed = new Promise<void>((resolve, reject) => {
    // The types do not say that the name is missing if the part has none.
    parser.on('file', (partName: string | undefined, stream, fileName, encoding, type) => {
      hasParts = true;
      stream.on('error', reject);
      const { name, index } = fieldOf(partName, limits.repeated.name);
      if (name === undefined || !limits.known.has(name)) {
        if (name === undefined) reject(withoutName());
        else unknown.add(name);
        stream.resume();
      } else if (TRANSFER_ENCODINGS.has(encoding)) {
        reject(invalid(name, `must be sent as it is, without the Content-Transfer-Encoding ${encoding}`));
        stream.resume();
      } else if (isFile(fileName, type, limits.files.names.has(name))) {
        readFile(stream, body.announcedBytes, (content) => {
          append(files, name, content);
        });
      } else if (limits.files.names.has(name)) {
        reject(invalid(name, limits.files.notAFile));
        stream.resume();
      } else {
        texts.read({ name, index, type }, stream, reject);
      }
    });
    parser.on('partsLimit', () => {
      reject(malformedBody(`The form has more than ${limits.parts} parts.`));
    });
    parser.on('finish', resolve);
    parser.on('error', (cause) => {
      reject(malformedBody(hasParts ? TRUNCATED : WITHOUT_PARTS, cause));
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
  return { texts: texts.values(), files, unknown };
}

async function feed(parser: BusboyInstance, chunks: AsyncIterable<Uint8Array>, parsed: Promise<void>): Promise<void> {
  for await (const chunk of chunks) {
    // Until its parts have been read, after which the chunk is gone. A parser that failed never says so.
    await Promise.race([new Promise((resolve) => parser.write(chunk, resolve)), parsed]);
  }
  parser.end();
}

function makeParser(contentType: string, limits: FormLimits): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // Texts, too, are read as bytes: the parser would replace those that are not UTF-8.
      isPartAFile: () => true,
      limits: {
        parts: limits.parts,
        fieldNameSize: 100,
        headerPairs: 20,
      },
    });
  } catch (cause) {
    throw malformedBody(WITHOUT_BOUNDARY, cause);
  }
}

/**
 * The field that a part belongs to, and its place in it. Clients of PHP, Ruby and JavaScript write a list as `text[0]` and
 * `text[1]`, or each as `text[]`.
 */
function fieldOf(partName: string | undefined, repeated: string): { name: string | undefined; index: number } {
  const [, list, index] = /^(.*)\[(\d*)\]$/s.exec(partName ?? '') ?? [];
  return list === repeated ? { name: list, index: Number(index) } : { name: partName, index: 0 };
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

function invalid(field: string, what: string): HttpProblem {
  return new HttpProblem('invalid-field', `The field ${quote(field)} ${what}.`, { field });
}

/**
 * Whether a part is a file: browsers give one a name, and some clients a type alone.
 *
 * @param isExpected whether its field is one for files; the type of a file may then be any that is not a text's
 */
function isFile(fileName: string | undefined, type: string, isExpected: boolean): boolean {
  if (fileName !== undefined || type === 'application/octet-stream') return true;
  return isExpected && !type.startsWith('text/') && type !== JSON_TYPE;
}

function readFile(stream: BusboyFileStream, announcedBytes: number, done: (content: Uint8Array) => void): void {
  let content: ByteBuilder | undefined;
  stream.on('data', (chunk: Buffer) => {
    // Concatenating a large image at the end would block the event loop.
    content ??= new ByteBuilder(announcedBytes);
    content.append(chunk);
  });
  stream.on('end', () => {
    done(content?.bytes() ?? new Uint8Array());
  });
}

interface TextPart {
  readonly name: string;
  /** Its place among those of its name, if it has one. */
  readonly index: number;
  readonly type: string;
  /** Undefined until it has been read. */
  values?: readonly string[];
}

/** The text fields of a form. Repeated fields are checked here, since more would exceed the limit of parts. */
class FormTexts {
  readonly #limits: FormLimits;
  readonly #parts: TextPart[] = [];
  readonly #jsonLists = new Set<string>();

  constructor(limits: FormLimits) {
    this.#limits = limits;
  }

  /** The texts by name, in the order of their places and parts. */
  values(): Map<string, string[]> {
    const texts = new Map<string, string[]>();
    const parts = this.#parts.toSorted((one, other) => one.index - other.index);
    for (const { name, values = [] } of parts) for (const value of values) append(texts, name, value);
    return texts;
  }

  read(part: TextPart, stream: BusboyFileStream, reject: (problem: HttpProblem) => void): void {
    this.#parts.push(part);
    if (this.#exceeds(part.name)) {
      reject(invalid(part.name, this.#limits.repeated.tooMany));
      stream.resume();
      return;
    }
    const content = new ByteBuilder();
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= this.#limits.textBytes) content.append(chunk);
    });
    stream.on('end', () => {
      try {
        if (length > this.#limits.textBytes) throw invalid(part.name, this.#limits.tooLong);
        part.values = this.#valuesOf(part, decodeUtf8(part.name, content.bytes()));
        if (this.#exceeds(part.name)) throw invalid(part.name, this.#limits.repeated.tooMany);
      } catch (error) {
        reject(error as HttpProblem);
      }
    });
  }

  #valuesOf({ name, type }: TextPart, text: string): readonly string[] {
    const isRepeated = name === this.#limits.repeated.name;
    // swagger-typescript-api writes a list as JSON without its type. No sentence begins like this.
    if (type !== JSON_TYPE) return (isRepeated && text.startsWith('["') ? textsOf(text) : undefined) ?? [text];
    const values = textsOf(text);
    // Clients that write every part as JSON put a text in quotes; other JSON, such as true, is the text itself.
    if (!isRepeated) return values?.length === 1 ? values : [text];
    // Java's okhttp-gson sends the whole list once for each of its elements.
    if (this.#jsonLists.has(text)) return [];
    if (values === undefined) throw invalid(name, 'must be a text, or a list of texts as JSON');
    if (values.length > 1) this.#jsonLists.add(text);
    return values;
  }

  /** Whether this is the field that may be repeated, and there are too many of it. */
  #exceeds(name: string): boolean {
    const { repeated } = this.#limits;
    if (name !== repeated.name) return false;
    let count = 0;
    for (const part of this.#parts) {
      // JSON counts once it has been read: it may hold no text that is new.
      if (part.name === name) count += part.values?.length ?? (part.type === JSON_TYPE ? 0 : 1);
    }
    return count > repeated.most;
  }
}

function decodeUtf8(name: string, bytes: Buffer): string {
  try {
    // The byte order mark is part of the text, as it is in JSON.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(name, 'must be a text in UTF-8');
  }
}

function withoutName(): HttpProblem {
  return malformedBody('A part of the form has no name: its Content-Disposition needs name="image", for example.');
}
