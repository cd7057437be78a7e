import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';

/** A line of the log. */
export type Line = Readonly<Record<string, unknown>>;

/** A log in memory. */
export interface Log {
  readonly logger: Logger;
  /** All that was written. */
  readonly text: () => string;
  readonly lines: () => Line[];
}

/** Begins a log in memory, of whichever level. */
export function logInMemory(): Log {
  let text = '';
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      text += chunk.toString();
      done();
    },
  });
  return {
    logger: pino({ level: 'debug', base: null }, sink),
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line),
  };
}
