import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKAGE_FILES } from '../../../model/package/layout.ts';
import { openPackage } from '../../../model/package/open-package.ts';
import { fixturePackage } from '../../../testing/fixtures.ts';

const { graph, manifest: manifestFile, tokenizer, weights } = PACKAGE_FILES;

describe('a folder is refused as a package, and the sentence names the file', () => {
  const incomplete = / in the model package DIR (.+) but should have \d+ bytes; copy or compile the package again\.$/;
  const noPackage =
    /^DIR is not a model package: it has no readable (.+); give a folder that `ofa-ve compile` wrote\.$/;

  it.each<[string, (dir: string) => Promise<unknown>, RegExp, string]>([
    ['a missing tokenizer', (dir) => rm(join(dir, tokenizer)), incomplete, 'is missing'],
    ['shorter weights', (dir) => truncate(join(dir, weights), 1000), incomplete, 'has 1000 bytes'],
    ['no graph', (dir) => rm(join(dir, graph)), noPackage, graph],
    ['no manifest', (dir) => rm(join(dir, manifestFile)), noPackage, manifestFile],
    ['nothing in it', (dir) => rm(dir, { recursive: true }), noPackage, graph],
  ])('with %s', async (_, damage, message, what) => {
    const dir = await fixturePackage('mini-none');
    await damage(dir);
    const error: unknown = await openPackage(dir).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'UserError', code: 'package-unreadable' });
    const { message: sentence } = error as Error;
    expect(message.exec(sentence.replace(dir, 'DIR'))?.[1]).toBe(what);
  });

  it('whose manifest cannot be read, or is something else', async () => {
    const dir = await fixturePackage('mini-none');
    const manifest = join(dir, manifestFile);
    const inPackage = `${manifestFile} in the model package ${dir}`;
    await writeFile(manifest, '{');
    await expect(openPackage(dir)).rejects.toThrow(`${inPackage} is not JSON; compile the package again.`);
    await writeFile(manifest, '[]');
    await expect(openPackage(dir)).rejects.toThrow(`${inPackage} is not valid at its top: `);
    await rm(manifest);
    await mkdir(manifest);
    await expect(openPackage(dir)).rejects.toThrow(`${manifest} cannot be read: it is a folder, not a regular file.`);
  });
});
