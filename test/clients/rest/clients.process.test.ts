import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixturePackage } from '../../../testing/fixtures.ts';
import { serve, type TestService } from '../../e2e/service.ts';
import { openApiFetch, WORK } from './clients.ts';
import { callBy, expectedLines } from './compare.ts';

let service: TestService;
/** Below the project, so that the program finds openapi-fetch. */
let folder = '';
beforeAll(async () => {
  await mkdir(WORK, { recursive: true });
  folder = await mkdtemp(join(WORK, 'test-'));
  service = await serve({ MODEL_DIR: await fixturePackage('mini-none') });
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

// `npm run test:clients` does this for other generators.
it('the service answers openapi-fetch with the types of openapi-typescript', async () => {
  const document = join(folder, 'openapi.json');
  await writeFile(document, await (await fetch(`${service.url}/openapi.json`)).text());
  const command = await openApiFetch.prepare(folder, document);
  expect(await callBy(command, service.url, folder)).toEqual(await expectedLines(service.url));
});
