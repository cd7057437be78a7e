import { types } from 'node:util';
import { shorten } from './echo.ts';

/**
 * Checks of what a program in JavaScript may pass although the types forbid it, so that it gets a sentence rather than
 * a failure somewhere inside.
 */

/** @throws TypeError unless it is a Uint8Array, as a Buffer is */
export function requireBytes(name: string, value: unknown): void {
  // Not by `instanceof`: in Jest, the Buffers of Node.js are of another realm.
  if (!types.isUint8Array(value)) throw wrongType(name, 'a Uint8Array or Buffer with the bytes of a file', value);
}

/** @throws TypeError unless it is a text */
export function requireText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
}

/** @throws TypeError unless it is an object, such as one with options */
export function requireObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(name, 'an object', value);
}

/**
 * @throws TypeError unless it is an object whose members have these names; others may be there, but undefined. A misspelt
 *   option would otherwise have no effect, unnoticed.
 */
export function requireOptions<Options extends object>(
  options: Options,
  names: readonly (keyof Options & string)[],
): void {
  requireObject('The options', options);
  const known: readonly string[] = names;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    throw new TypeError(`The option ${JSON.stringify(shorten(name))} is not one of ${names.join(', ')}.`);
  }
}

/** @throws TypeError unless it is a function, such as a callback */
export function requireFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
}

/** @throws TypeError unless it is a number; its range is checked elsewhere */
export function requireNumber(name: string, value: unknown): void {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
}

/** @throws TypeError unless it is an AbortSignal or left out */
export function requireSignal(value: unknown): void {
  if (value === undefined) return;
  const isSignal = typeof value === 'object' && value !== null && 'throwIfAborted' in value && 'aborted' in value;
  if (!isSignal) throw wrongType('signal', 'an AbortSignal', value);
}

/** @throws TypeError unless it is one of the words */
export function requireChoice(name: string, words: readonly string[], value: unknown): void {
  if (!words.some((word) => word === value)) throw wrongType(name, `one of ${words.join(', ')}`, value);
}

/** The error of an argument that is not what the types say. */
export function wrongType(name: string, mustBe: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${mustBe}, not ${kindOf(value)}.`);
}

/** What a value is, to be read in a sentence. */
function kindOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (types.isPromise(value)) return 'a promise: await it first';
  // An object may have been made without a prototype.
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  const name = typeof constructor?.name === 'string' ? constructor.name : 'Object';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}
