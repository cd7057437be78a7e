import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoPackage } from '../../../demo/demo-package.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { serve, type TestService } from '../../e2e/service.ts';
import type { Command } from '../rest/run.ts';
import { runProgram } from './programs.ts';

let service: TestService;
beforeAll(async () => {
  service = await serve({ MODEL_DIR: await demoPackage(path.join(tempFolder(), 'demo')) });
});
afterAll(async () => {
  await service.stop();
});

/** `npm run test:clients` runs those in Python and Go. */
const PROGRAMS: readonly (readonly [string, (file: string) => Command, RegExp])[] = [
  ['ask.sh', (file) => ['sh', file], /"label":"yes"/],
  ['ask.mjs', (file) => [process.execPath, file], /^yes\n$/],
];

describe.each(PROGRAMS)('%s of docs/clients.md', (file, command, expected) => {
  it('tries again after the seconds of Retry-After', async () => {
    const folder = path.join(tempFolder(), 'retried');
    const options = { folder, service: service.url, refusal: 'first, to be tried again' } as const;
    expect(await runProgram(file, command, options)).toEqual({
      printed: expect.stringMatching(expected) as string,
      waits: true,
      attempts: 2,
    });
  });

  it('does not try again without Retry-After', async () => {
    const folder = path.join(tempFolder(), 'refused');
    const options = { folder, service: service.url, refusal: 'always, for good' } as const;
    expect(await runProgram(file, command, options)).toMatchObject({ printed: undefined, attempts: 1 });
  });
});
