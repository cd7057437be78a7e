import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { z } from 'zod';

const packageSchema = z.object({ integrity: z.string().optional(), inBundle: z.boolean().optional() });
const lockFile = z.object({ packages: z.record(z.string(), packageSchema) });

it('every package in the lock file has a checksum, so that npm installs no other content', async () => {
  const text = await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { '': project, ...installed } = lockFile.parse(JSON.parse(text)).packages;
  expect(project).toBeDefined();
  const without = Object.entries(installed).filter(
    // What is part of another package is covered by the checksum of that.
    ([, { integrity, inBundle = false }]) => !inBundle && !integrity?.startsWith('sha512-'),
  );
  expect(without.map(([name]) => name)).toEqual([]);
});
