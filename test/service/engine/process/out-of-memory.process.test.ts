import { afterEach, describe, expect, it } from 'vitest';
import type { EngineFailure } from '../../../../service/engine/process/failure.ts';
import { OomKills } from '../../../../service/engine/process/oom-kills.ts';
import { EngineSupervisor } from '../../../../service/engine/process/supervisor.ts';
import { bundle } from '../../../../testing/bundle.ts';
import { stubLoad } from './stub-load.ts';

const program = bundle(new URL('./stub-engine.ts', import.meta.url));
const started: EngineSupervisor[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.stop()));
});

function supervise(oomKills: OomKills): EngineSupervisor {
  const supervisor = new EngineSupervisor({
    load: stubLoad({}),
    verifyPackage: () => Promise.resolve(''),
    startTimeoutMs: 20_000,
    runTimeoutMs: 20_000,
    program,
    oomKills,
  });
  started.push(supervisor);
  supervisor.start();
  return supervisor;
}

/** Kills an engine as the kernel does. */
function kill(supervisor: EngineSupervisor): Promise<EngineFailure> {
  const failure = new Promise<EngineFailure>((resolve) => supervisor.once('failure', resolve));
  process.kill(supervisor.pid ?? 0, 'SIGKILL');
  return failure;
}

describe('an engine that was killed', () => {
  it('is said to have had no memory if the kernel has counted such a kill', async () => {
    let kills = 2;
    const supervisor = supervise(new OomKills(() => kills));
    await supervisor.whenReady();
    expect(await kill(supervisor)).toMatchObject({
      reason: 'crash',
      isByOthers: true,
      message: expect.stringMatching(/by another process$/) as string,
    });
    await supervisor.whenReady();
    kills++;
    expect(await kill(supervisor)).toMatchObject({
      reason: 'out-of-memory',
      isByOthers: false,
      message: expect.stringMatching(/no memory left: raise the memory limit .* or lower MAX_BATCH$/) as string,
    });
  });

  it('may have had no memory where the kernel does not count', async () => {
    const supervisor = supervise(new OomKills(() => undefined));
    await supervisor.whenReady();
    expect(await kill(supervisor)).toMatchObject({
      reason: 'crash',
      isByOthers: false,
      message: expect.stringMatching(/by another process, or for lack of memory$/) as string,
    });
  });

  it('is said so, too, if another one was killed with it and has been replaced', async () => {
    let kills = 0;
    const oomKills = new OomKills(() => kills);
    const pair = [supervise(oomKills), supervise(oomKills)];
    await Promise.all(pair.map((supervisor) => supervisor.whenReady()));
    kills = 2;
    const failures = await Promise.all(pair.map(kill));
    expect(failures.map(({ reason }) => reason)).toEqual(['out-of-memory', 'out-of-memory']);
  });
});
