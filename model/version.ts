import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** package.json, relative to this file or to its compiled form. */
function packageFile(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(fromSource ? '../package.json' : '../../package.json', import.meta.url);
}

/** Version of ofa-ve. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile(), 'utf8')));
