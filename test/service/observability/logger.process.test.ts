import { WriteStream } from 'node:tty';
import type * as Pino from 'pino';
import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { makeLogger } from '../../../service/observability/logger.ts';

vi.mock('pino', async (original) => {
  const actual = await original<typeof Pino>();
  return { ...actual, pino: Object.assign(vi.fn(), actual.pino) };
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

it.each([
  ['', 'xterm-256color', true],
  ['1', 'xterm-256color', false],
  ['', 'dumb', false],
])('with NO_COLOR=%j on a terminal of the type %s, the log has colours: %s', (noColor, type, colorize) => {
  // FORCE_COLOR would count more than either.
  for (const name of ['FORCE_COLOR', 'NODE_DISABLE_COLORS', 'COLORTERM', 'CI', 'TMUX']) vi.stubEnv(name, undefined);
  vi.stubEnv('NO_COLOR', noColor === '' ? undefined : noColor);
  vi.stubEnv('TERM', type);
  const terminal = Object.create(WriteStream.prototype, { isTTY: { value: true } }) as typeof process.stdout;
  vi.spyOn(process, 'stdout', 'get').mockReturnValue(terminal);
  makeLogger('info');
  const transport: unknown = expect.objectContaining({ options: { colorize } });
  expect(pino).toHaveBeenLastCalledWith(expect.objectContaining({ transport }));
});
