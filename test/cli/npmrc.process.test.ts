import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PRINT = `
  const heapMib = v8.getHeapStatistics().heap_size_limit / 2 ** 20;
  console.log(JSON.stringify({ heapMib, checkUpgrade: process.env.CDK8S_CHECK_UPGRADE }));`;

/** Runs a program as `npm start` runs the service; gives its heap limit in MiB and cdk8s's variable. */
async function startByNpm(nodeOptions: Record<string, string>): Promise<{ heapMib: number; checkUpgrade: string }> {
  // As in a fresh shell: npm hands its configuration on to what it starts, and this test is started by npm.
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|CDK8S_)/i.test(name)),
  );
  const env = { ...clean, ...nodeOptions, PRINT };
  const { stdout } = await promisify(execFile)('npm', ['exec', '--call', 'node -e "$PRINT"'], { env });
  return JSON.parse(stdout) as { heapMib: number; checkUpgrade: string };
}

it('npm keeps the NODE_OPTIONS of its environment', async () => {
  const limited = await startByNpm({ NODE_OPTIONS: '--max-old-space-size=300' });
  const unlimited = await startByNpm({});
  expect(limited.heapMib).toBeLessThan(600);
  expect(unlimited.heapMib).toBeGreaterThan(600);
  expect([limited.checkUpgrade, unlimited.checkUpgrade]).toEqual(['false', 'false']);
});
