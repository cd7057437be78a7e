import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPackage } from '../../model/package/open-package.ts';
import { demoPackage } from '../../demo/demo-package.ts';
import { pixelMemory } from '../../service/inference/pixel-memory.ts';
import { demoDeployment } from '../../testing/demo-deployment.ts';
import { sendPictures, type StressStatuses } from '../../testing/memory-stress.ts';
import { stressPictures, TOO_LARGE, LARGE_KINDS } from '../../testing/stress-pictures.ts';
import { engineProcess, logs, startContainer, untilReady, untilReplaced, type Container } from './container.ts';
import type { Engine } from './engine.ts';

const CLIENTS = 6;
/** On a busy machine, a picture may take too long to arrive or to be decoded. */
const TOO_SLOW = [408, 504];
/** Longest time until the kernel has killed a process and the service has logged it. */
const KILL_MS = 60_000;

/** Prints how many processes of the container the kernel has killed for lack of memory, by cgroup v1 or v2. */
const OOM_KILLS_PROGRAM = `
  const { existsSync, readFileSync } = require('node:fs');
  const files = ['/sys/fs/cgroup/memory/memory.oom_control', '/sys/fs/cgroup/memory.events'];
  const kills = () => Number(/^oom_kill (\\d+)$/m.exec(readFileSync(files.find(existsSync), 'utf8'))[1]);
`;

/** Takes memory until the kernel has killed a process of the container. */
const FILL_PROGRAM = `
  ${OOM_KILLS_PROGRAM}
  const taken = [];
  while (kills() === 0) taken.push(Buffer.alloc(4 * 2 ** 20, 1));
`;

async function oomKills({ exec }: Container): Promise<number> {
  return Number(await exec('node', '-e', `${OOM_KILLS_PROGRAM} console.log(kills())`));
}

/**
 * Where memory runs out, the kernel kills the engine and not the service, which says so and replaces it.
 *
 * @param tag an image with the demo model
 */
export async function checkOomKill(engine: Engine, tag: string): Promise<void> {
  const container = await startContainer(engine, tag);
  try {
    await untilReady(engine, container);
    const lost = await engineProcess(container);
    // It may be killed after the engine: the one that replaces it needs memory, too.
    await engine.attempt(['exec', container.name, 'node', '-e', FILL_PROGRAM]);
    const deadline = Date.now() + KILL_MS;
    while (!(await logs(engine, container)).includes('the kernel killed the engine process')) {
      assert.ok(Date.now() < deadline, `nothing about memory in the log:\n${await logs(engine, container)}`);
      await sleep(250);
    }
    await untilReplaced(engine, container, lost);
    assert.ok((await oomKills(container)) > 0, 'the kernel has killed no process');
  } finally {
    await container.remove();
  }
  console.log('where memory runs out, the kernel kills the engine; the service says so and replaces it');
}

/**
 * Pictures of all kinds, the largest accepted ones among them, fit the memory limit that the demo model is deployed
 * with: no process is killed, and each picture gets its answer.
 *
 * @param tag an image with the demo model
 * @param seconds how long pictures are sent
 */
export async function checkMemory(engine: Engine, tag: string, seconds: number): Promise<StressStatuses> {
  const { limitBytes, settings, environment } = demoDeployment();
  const { manifest } = await openPackage(await demoPackage());
  const { bytes } = pixelMemory({ device: 'cpu', engines: [{}] }, manifest.memory, settings, limitBytes);
  const pictures = await stressPictures({ pixelBytes: bytes, width: 4000, large: LARGE_KINDS });
  const container = await startContainer(engine, tag, environment, limitBytes / 2 ** 20);
  try {
    await untilReady(engine, container);
    const before = await engineProcess(container);
    const statuses = await sendPictures(container.url, { pictures, clients: CLIENTS, seconds });
    assert.equal(await oomKills(container), 0, 'the kernel has killed a process');
    assert.equal(await engineProcess(container), before, 'the engine was replaced');
    for (const [name, counts] of statuses) {
      // The request has more than the picture.
      const tooLarge = name === TOO_LARGE || (pictures.get(name)?.length ?? 0) > (settings.MAX_BODY_MB - 1) * 2 ** 20;
      const expected = tooLarge ? [413] : [200, 429, ...TOO_SLOW];
      for (const status of counts.keys()) assert.ok(expected.includes(status), `${name}: ${status}`);
    }
    console.log(`pictures of ${statuses.size} kinds fit ${limitBytes / 2 ** 20} MiB for ${seconds} s`);
    return statuses;
  } finally {
    await container.remove();
  }
}
