import { ByteBuilder } from './byte-builder.ts';

/** Longest beginning of a data URI, up to its comma. */
const MAX_PREFIX = 200;
/** Characters decoded at once: more would keep the event loop. */
const PIECE = 64 * 1024;

/**
 * Decodes base64 (also its URL-safe alphabet, and broken into lines), or a data URI with base64, while its text arrives.
 * What has come is decoded at once, so that a large image takes its time in small parts.
 */
export class Base64Decoder {
  readonly #bytes: ByteBuilder;
  #pending = '';
  #isPrefixRead = false;
  #isValid = true;

  /** @param characters how many are likely to come */
  constructor(characters = 0) {
    this.#bytes = new ByteBuilder(Math.ceil((characters * 3) / 4));
  }

  /** Takes the next part of the text. */
  push(text: string): void {
    for (let from = 0; from < text.length && this.#isValid; from += PIECE) {
      // As the program base64 writes it.
      this.#pending += text.slice(from, from + PIECE).replaceAll(/[\r\n]+/g, '');
      if (!this.#isPrefixRead && this.#pending.length < MAX_PREFIX) return;
      this.#readPrefix();
      this.#decodeGroups();
    }
  }

  /** @returns the bytes; undefined where the text was not base64, or held nothing */
  finish(): Uint8Array | undefined {
    this.#readPrefix();
    this.#decodeGroups();
    const rest = this.#pending;
    const padding = rest.endsWith('==') ? 2 : rest.endsWith('=') ? 1 : 0;
    this.#decode(rest, Math.floor(((rest.length - padding) * 3) / 4));
    this.#pending = '';
    return this.#isValid && this.#bytes.length > 0 ? this.#bytes.bytes() : undefined;
  }

  #readPrefix(): void {
    if (this.#isPrefixRead) return;
    this.#isPrefixRead = true;
    if (!/^data:/i.test(this.#pending)) return;
    const comma = this.#pending.slice(0, MAX_PREFIX).indexOf(',');
    this.#isValid = comma > 0 && /;base64$/i.test(this.#pending.slice(0, comma));
    this.#pending = this.#pending.slice(comma + 1);
  }

  /** Decodes all but the last group of four characters, which may end in padding. */
  #decodeGroups(): void {
    const whole = Math.max(0, this.#pending.length - 1) & ~3;
    this.#decode(this.#pending.slice(0, whole), (whole / 4) * 3);
    this.#pending = this.#pending.slice(whole);
  }

  /** Node skips what is not base64: fewer bytes than the characters stand for means that something was skipped. */
  #decode(text: string, expected: number): void {
    if (this.#isValid && text !== '') this.#isValid = this.#bytes.appendBase64(text) === expected;
  }
}

/** Decodes a short text; see {@link Base64Decoder}. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const decoder = new Base64Decoder(text.length);
  decoder.push(text);
  return decoder.finish();
}
