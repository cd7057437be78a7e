import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countOomKills, OomKills } from '../../../../service/engine/process/oom-kills.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';

const V1 = '9:name=systemd:/\n4:cpuset,memory:/kubepods/pod1/c\n0::/\n';
const V2_EVENTS = 'low 0\nhigh 0\nmax 7\noom 4\noom_kill 3\noom_group_kill 1\n';
const V1_CONTROL = 'oom_kill_disable 0\nunder_oom 0\noom_kill 5\n';

describe('kills are counted', () => {
  it.each([
    ['with cgroup v2', '0::/\n', 'memory.events', V2_EVENTS, 3],
    ['with v2 outside a container', '0::/user.slice/a.scope\n', 'user.slice/a.scope/memory.events', V2_EVENTS, 3],
    ['with v2 under the path on the host', '0::/kubepods/c\n', 'memory.events', V2_EVENTS, 3],
    ['with cgroup v1', V1, 'memory/kubepods/pod1/c/memory.oom_control', V1_CONTROL, 5],
    ['with v1 in a container', V1, 'memory/memory.oom_control', V1_CONTROL, 5],
    ['not by an old kernel', V1, 'memory/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\n', undefined],
    ['not without a file', '0::/\n', 'other', '', undefined],
    ['not without cgroups', '', 'other', '', undefined],
  ])('%s', (_, cgroups, file, text, count) => {
    const folder = tempFolder();
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    expect(countOomKills(cgroups, folder)).toBe(count);
  });
});

describe('a kill is claimed', () => {
  it('once, and not by a process that started after it', () => {
    let count = 3;
    const kills = new OomKills(() => count);
    const [first, second, third] = [kills.watch(), kills.watch(), kills.watch()];
    expect(first()).toBe(false);
    count = 5;
    const late = kills.watch();
    expect([first(), second(), third(), late()]).toEqual([true, true, false, false]);
    count = 6;
    expect([late(), third()]).toEqual([true, false]);
  });

  it('although another process has been replaced since', () => {
    let count = 0;
    const kills = new OomKills(() => count);
    const [first, second] = [kills.watch(), kills.watch()];
    count = 2;
    expect(first()).toBe(true);
    const replacement = kills.watch();
    expect([replacement(), second()]).toEqual([false, true]);
  });

  it('by nobody where kills are not counted', () => {
    expect(new OomKills(() => undefined).watch()()).toBeUndefined();
  });
});
