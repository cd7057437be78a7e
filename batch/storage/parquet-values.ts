import type { ParquetParsers, SchemaElement, SchemaTree } from 'hyparquet';
import { parseJson } from '../exact-json.ts';

/** Turns a value that hyparquet has read into one that JSON has, or into bytes. */
export type Converter = (value: unknown) => unknown;

/**
 * Annotations that hyparquet converts with a loss (decimals to doubles, times to milliseconds) or not at all. Without
 * them it returns the numbers and bytes of the file.
 */
const CONVERTED = /^(DECIMAL|DATE|TIME_\w+|TIMESTAMP_\w+|INTERVAL|BSON)$/;
const LOGICAL = /^(DECIMAL|DATE|TIME|TIMESTAMP|BSON)$/;

/** The schema without the annotations of values that {@link converterOf} converts itself. */
export function plainSchema(schema: readonly SchemaElement[]): SchemaElement[] {
  return schema.map(({ converted_type: converted, logical_type: logical, ...element }) => ({
    ...element,
    ...(converted !== undefined && !CONVERTED.test(converted) && { converted_type: converted }),
    ...(logical !== undefined && !LOGICAL.test(logical.type) && { logical_type: logical }),
  }));
}

/** How hyparquet converts what has other annotations. */
export const PARSERS: Partial<ParquetParsers> = {
  // Only of INT96, which has no annotation.
  timestampFromNanoseconds: (nanoseconds) => timestampText(nanoseconds, 9, true),
  stringFromBytes: decoded,
  jsonFromBytes: (bytes) => {
    const text = decoded(bytes);
    try {
      return typeof text === 'string' ? parseJson(text) : text;
    } catch {
      return text;
    }
  },
};

/**
 * How to convert the values of a column, by the file's own schema. Numbers that a double does not hold become texts
 * with all their digits, dates and times texts in ISO 8601. Bytes without an annotation are text if they are UTF-8
 * without NUL, as older writers leave texts, and stay bytes otherwise.
 */
export function converterOf({ element, children }: SchemaTree): Converter {
  const [child] = children;
  if (child === undefined) return repeatable(element, leafConverter(element));
  if (element.converted_type === 'LIST' && children.length === 1) {
    const [item = child] = child.children.length === 1 ? child.children : [];
    const convert = converterOf(item);
    return orNull((value) => (Array.isArray(value) ? value.map(convert) : convert(value)));
  }
  if (element.converted_type === 'MAP') {
    const entry = child.children.find((each) => each.element.name === 'value');
    const convert = entry && converterOf(entry);
    return membersConverter(() => convert);
  }
  const converters = new Map(children.map((each) => [each.element.name, converterOf(each)]));
  return repeatable(
    element,
    membersConverter((name) => converters.get(name)),
  );
}

const orNull =
  (convert: Converter): Converter =>
  (value) =>
    value === undefined || value === null ? null : convert(value);

function repeatable({ repetition_type: repetition }: SchemaElement, convert: Converter): Converter {
  const single = orNull(convert);
  return repetition === 'REPEATED' ? (value) => (Array.isArray(value) ? value.map(single) : single(value)) : single;
}

function membersConverter(converter: (name: string) => Converter | undefined): Converter {
  return orNull((value) =>
    Object.fromEntries(
      Object.entries(value as object).map(([name, inner]) => [name, converter(name)?.(inner) ?? null]),
    ),
  );
}

function leafConverter(element: SchemaElement): Converter {
  const { logical_type: logical } = element;
  const converted: string = element.converted_type ?? '';
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') {
    const { scale = 0 } = element;
    return (value) => decimal(unscaled(value), scale);
  }
  if (converted === 'DATE')
    return (value) => timestampText(BigInt(value as number) * 86_400n, 0, true)?.slice(0, 10) ?? value;
  const digits = fractionDigits(element);
  if (logical?.type === 'TIMESTAMP' || converted.startsWith('TIMESTAMP_')) {
    const isUtc = logical?.type !== 'TIMESTAMP' || logical.isAdjustedToUTC;
    return (value) => timestampText(value as bigint, digits, isUtc) ?? String(value);
  }
  if (logical?.type === 'TIME' || converted.startsWith('TIME_')) {
    return (value) => timeText(BigInt(value as number), digits) ?? String(value);
  }
  return plainValue;
}

/** Digits of a second that a time's unit has. */
function fractionDigits({ converted_type: converted, logical_type: logical }: SchemaElement): number {
  const unit = logical !== undefined && 'unit' in logical ? logical.unit : converted?.split('_')[1];
  return unit === 'NANOS' ? 9 : unit === 'MICROS' ? 6 : 3;
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  // JSON would have null.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value instanceof Uint8Array ? textOrBytes(value) : value;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What bytes without an annotation are: no text has NUL, and the files of pictures do. */
function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  return bytes.includes(0) ? bytes : decoded(bytes);
}

/** The text, or the bytes if they are not UTF-8. */
function decoded(bytes: Uint8Array): string | Uint8Array {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes;
  }
}

/** The integer that a decimal is without its point: two's complement, the most significant byte first. */
function unscaled(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as bigint | number);
  if (value.length === 0) return 0n;
  return BigInt.asIntN(8 * value.length, BigInt(`0x${Buffer.from(value).toString('hex')}`));
}

/** Any decimal number of so many digits comes back from a double as it was. */
const SAFE_DIGITS = 15;

function decimal(value: bigint, scale: number): number | string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const sign = value < 0n ? '-' : '';
  const whole = `${sign}${digits.slice(0, digits.length - scale)}`;
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  if (scale === 0 || fraction === '') return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
  const text = `${whole}.${fraction}`;
  return text.replace(/^-?0*\.?0*|\./g, '').length <= SAFE_DIGITS ? Number(text) : text;
}

/**
 * A time since 1970 in ISO 8601, with 3 digits of a second, or 6 or 9 if they are needed.
 *
 * @param value in units of 10^-digits seconds
 * @returns undefined outside of the years that a Date has
 */
function timestampText(value: bigint, digits: number, isUtc: boolean): string | undefined {
  const unit = 10n ** BigInt(digits);
  const fraction = ((value % unit) + unit) % unit;
  const date = new Date(Number((value - fraction) / unit) * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const decimals = String(fraction).padStart(digits, '0').padEnd(3, '0');
  const shown = decimals.replace(/(?<=^\d{3,6})(000)+$/, '');
  return `${date.toISOString().slice(0, -'.000Z'.length)}.${shown}${isUtc ? 'Z' : ''}`;
}

/** A time of day, in the same units. @returns undefined for what is none */
function timeText(value: bigint, digits: number): string | undefined {
  const [day, time] = timestampText(value, digits, false)?.split('T') ?? [];
  return day === '1970-01-01' ? time : undefined;
}
