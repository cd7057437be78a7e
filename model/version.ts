import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ROOT } from './root.ts';

const packageFile = new URL('package.json', ROOT);

/** Version of ofa-ve. */
export const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, 'utf8')));
