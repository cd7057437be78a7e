import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { stressMemory } from '../../testing/memory-stress.ts';
import { processTree } from '../../testing/process-usage.ts';

it.runIf(process.platform === 'linux')('says that a service that ends under the load did not survive', async () => {
  const before = processTree(process.pid);
  const picture = await readFile(fixtureFile('mini-none', 'image-00.png'));
  // The service and its engine are running when the first picture is taken from here.
  const pictures = new (class extends Map<string, Uint8Array> {
    override get(name: string): Uint8Array | undefined {
      const started = processTree(process.pid).find((pid) => !before.includes(pid));
      if (started !== undefined) process.kill(started, 'SIGKILL');
      return super.get(name);
    }
  })([['picture', picture]]);
  const { survived, idleBytes, statuses } = await stressMemory({
    packageDir: await fixturePackage('mini-none'),
    settings: { DEVICE: 'cpu' },
    limitBytes: 2 ** 32,
    pictures,
    clients: 1,
    seconds: 1,
  });
  expect(survived).toBe(false);
  expect(idleBytes).toBeGreaterThan(0);
  expect([...(statuses.get('picture')?.keys() ?? [])]).toEqual([0]);
});
