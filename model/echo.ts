/**
 * What a reader cannot see or a terminal obeys: control and format characters (zero-width and bidirectional ones among
 * them), line and paragraph separators, lone surrogates, and letters without a shape.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/**
 * The user name and password of an address within a text. Only the end of a longer scheme is looked at, as the time for a
 * long word would otherwise grow with the square of its length.
 */
const USER_INFO = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'`/?#@]*(?:@[^\s"'`/?#@]*)*@/giu;
/** Everything that may be a user name and password if the whole text is an address, even an invalid one. */
const USER_INFO_OF_WHOLE = /^([^@]*?:\/\/)?.*@/su;

/**
 * A text that may repeat what somebody else has written, made safe for one line of a message or a log: what is invisible
 * is escaped as in a JavaScript string, and user names and passwords in addresses become `***`.
 */
export function echo(text: string): string {
  return text.replace(USER_INFO, '$1***@').replace(INVISIBLE, escape);
}

/** Longest text that {@link shorten} keeps as it is, and what it keeps of the end of a longer one. */
const MOST_CHARACTERS = 200;
const LAST_CHARACTERS = 50;

/** A name or value that a sentence repeats: of a long one, such as a picture in a data URI, the beginning and the end. */
export function shorten(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text;
  const end = text.slice(-LAST_CHARACTERS);
  return `${text.slice(0, MOST_CHARACTERS - end.length - 1)}…${end}`.toWellFormed();
}

/** An address without its user name and password, which become `***`: for a value that was refused as an address, too. */
export function withoutUserInfo(address: string): string {
  return address.replace(USER_INFO_OF_WHOLE, '$1***@');
}

function escape(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return SHORT[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}
