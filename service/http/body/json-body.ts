import { randomUUID } from 'node:crypto';
import { Base64Decoder } from './base64.ts';
import { ByteBuilder } from './byte-builder.ts';
import { LongText } from './long-text.ts';
import { MAX_TEXT_CHARACTERS, MAX_TEXTS } from '../predict/schema.ts';
import { HttpProblem } from '../problems/problem.ts';

/** Bytes of JSON of the longest text, every character of it written as `\uXXXX`. */
const MAX_KEPT = 6 * MAX_TEXT_CHARACTERS;
/** Bytes of JSON, longer strings left out: the texts, as many small images, a premise, and something over. */
const MAX_REST = (2 * MAX_TEXTS + 4) * MAX_KEPT;
/** Bytes of JSON outside strings. A body has a few hundred; this much is parsed in a few ms, whatever it is. */
const MAX_OUTSIDE = 64 * 1024;
/** Bytes looked at in one go. */
const PIECE = 64 * 1024;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Reads a body in JSON while it arrives. Strings that are longer than a text may be are decoded from base64 chunk by
 * chunk and never held as text; only what is left, which is small, is parsed. So a body of any size takes the event
 * loop for a moment at a time.
 */
export class JsonReader {
  readonly #rest = new ByteBuilder();
  readonly #long: LongText[] = [];
  readonly #expected: number;
  /** What stands for a long string in the rest begins with this: nobody can have sent it. */
  readonly #id = randomUUID();
  #seen = 0;
  #outside = 0;
  #isInString = false;
  /** Whether the next byte is escaped. */
  #isEscaped = false;
  /** Where the string at hand begins in the rest. */
  #stringStart = 0;
  #image: EscapedBase64 | undefined;

  /** @param expected bytes of the body, where they are known */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  /** Takes the next bytes. @throws HttpProblem `body-too-large` when there is too much beside images */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += PIECE) {
      const piece = chunk.subarray(from, from + PIECE);
      this.#seen += piece.length;
      let at = 0;
      while (at < piece.length) at = this.#isInString ? this.#inString(piece, at) : this.#between(piece, at);
    }
  }

  /**
   * The value, with a {@link LongText} for each string that is longer than a text may be.
   *
   * @throws HttpProblem `malformed-body`
   */
  finish(): unknown {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(this.#rest.bytes());
      if (this.#long.length === 0) return JSON.parse(text) as unknown;
      return JSON.parse(text, (_, value: unknown) =>
        typeof value === 'string' && value.startsWith(this.#id)
          ? this.#long[Number(value.slice(this.#id.length))]
          : value,
      ) as unknown;
    } catch (cause) {
      throw new HttpProblem('malformed-body', 'The body is not JSON in UTF-8.', { cause });
    }
  }

  /** Up to the next string, with its quote. @returns where to go on */
  #between(piece: Uint8Array, from: number): number {
    const quote = piece.indexOf(QUOTE, from);
    const end = quote < 0 ? piece.length : quote + 1;
    this.#outside += end - from;
    if (this.#outside > MAX_OUTSIDE) throw tooMuch();
    this.#keep(piece.subarray(from, end));
    this.#isInString = quote >= 0;
    this.#stringStart = this.#rest.length;
    return end;
  }

  /** Up to the string's end, with its quote. @returns where to go on */
  #inString(piece: Uint8Array, from: number): number {
    let at = this.#isEscaped ? from + 1 : from;
    while (at < piece.length && piece[at] !== QUOTE) at += piece[at] === BACKSLASH ? 2 : 1;
    this.#isEscaped = at > piece.length;
    const part = piece.subarray(from, at);
    if (this.#image === undefined) this.#keepString(part);
    else this.#image.push(part);
    if (at >= piece.length) return piece.length;
    this.#endString();
    this.#keep(piece.subarray(at, at + 1));
    return at + 1;
  }

  #keepString(part: Uint8Array): void {
    this.#keep(part);
    if (this.#rest.length - this.#stringStart <= MAX_KEPT) return;
    this.#image = new EscapedBase64(Math.max(0, this.#expected - this.#seen) + 2 * MAX_KEPT);
    this.#image.push(this.#rest.cut(this.#stringStart));
  }

  #endString(): void {
    this.#isInString = false;
    if (this.#image === undefined) return;
    this.#rest.append(Buffer.from(`${this.#id}${this.#long.length}`));
    this.#long.push(new LongText(this.#image.finish()));
    this.#image = undefined;
  }

  #keep(part: Uint8Array): void {
    if (this.#rest.length + part.length > MAX_REST + PIECE) throw tooMuch();
    this.#rest.append(part);
  }
}

/** Base64 as it stands in a string of JSON: programs escape its slashes, its plus signs, or its line breaks. */
class EscapedBase64 {
  readonly #decoder: Base64Decoder;
  /** An escape of which the end is still to come. */
  #begun = '';

  /** @param characters how many are likely to come */
  constructor(characters: number) {
    this.#decoder = new Base64Decoder(characters);
  }

  push(part: Uint8Array): void {
    let text = this.#begun + Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1');
    this.#begun = '';
    const last = text.lastIndexOf('\\');
    if (last >= 0) {
      const escape = text.slice(last);
      if (escape.length < (escape[1] === 'u' ? 6 : 2)) {
        this.#begun = escape;
        text = text.slice(0, last);
      }
      text = text
        .replaceAll('\\/', '/')
        .replaceAll(/\\[rn]/g, '')
        .replaceAll(/\\u00([0-7][0-9a-fA-F])/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    }
    // Any other backslash is no base64.
    this.#decoder.push(text);
  }

  finish(): Uint8Array | undefined {
    this.#decoder.push(this.#begun);
    return this.#decoder.finish();
  }
}

function tooMuch(): HttpProblem {
  return new HttpProblem('body-too-large', 'The body holds too much JSON beside its images and texts.');
}
