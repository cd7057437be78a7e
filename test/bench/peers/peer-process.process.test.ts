import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startPeer } from '../../../bench/peers/peer-process.ts';
import { memoryOf, processTree } from '../../../testing/process-usage.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const folder = tempFolder();

it('leaves no worker of a server that does not start', async () => {
  const [python, pidFile] = [join(folder, 'python'), join(folder, 'worker.pid')];
  writeFileSync(python, `#!/bin/sh\nsleep 600 &\necho $! >${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nwait\n`);
  chmodSync(python, 0o755);
  const deadline = new AbortController();
  const started = startPeer(python, 'litserve_batch', folder, deadline.signal);
  await vi.waitUntil(() => existsSync(pidFile), { timeout: 60_000 });
  const worker = Number(readFileSync(pidFile, 'utf8'));
  expect(processTree(process.pid)).toContain(worker);
  deadline.abort();
  await expect(started).rejects.toThrow('litserve_batch.py did not start; install bench/peers/requirements.txt.');
  // Nobody may have taken note of its end, but it has no memory.
  await vi.waitUntil(() => memoryOf(worker)('VmRSS') === 0, { timeout: 30_000 });
});

it('says so in one sentence where there is no such Python', async () => {
  await expect(startPeer(join(folder, 'nothing'), 'fastapi_pool', folder)).rejects.toThrow('fastapi_pool.py did not');
});
