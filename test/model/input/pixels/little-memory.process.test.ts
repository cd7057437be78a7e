import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { unreadable } from '../../../../model/input/pixels/error.ts';
import { sourceFlags } from '../../../../model/source-flags.ts';

const NO_MEMORY = 'There was not enough memory to decode the image.';

/** How large pictures end where the process may allocate only so much more, by format. */
async function decodeWithin(mebibytes: number): Promise<Record<string, string>> {
  const program = fileURLToPath(new URL('./little-memory.ts', import.meta.url));
  const args = [...sourceFlags(program), program, String(mebibytes)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Record<string, string>;
}

// prlimit is Linux's.
it.runIf(process.platform === 'linux')('does not call a picture damaged for which there is no memory', async () => {
  // V8 needs some; each picture has 72 MiB of pixels.
  const ends = await decodeWithin(60);
  expect(Object.keys(ends)).toEqual(['png', 'webp', 'gif', 'tiff', 'jpeg']);
  // Node.js may end the thread that decodes.
  const noMemory = expect.toBeOneOf([NO_MEMORY, expect.stringContaining('out of memory')]) as string;
  for (const [format, end] of Object.entries(ends)) expect(end, format).toEqual(noMemory);
});

it('knows what libjpeg says without memory', () => {
  const cause = new Error('VipsJpeg: Insufficient memory (case 4)');
  expect(unreadable(cause)).toMatchObject({ message: NO_MEMORY, cause });
});
