import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
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

test('each kill is claimed once, and none that came before', () => {
  let count: number | undefined = 3;
  const kills = new OomKills(() => count);
  kills.note();
  expect(kills.claim()).toBe(false);
  count = 5;
  expect([kills.claim(), kills.claim(), kills.claim()]).toEqual([true, true, false]);
  count = undefined;
  kills.note();
  expect(kills.claim()).toBe(false);
});
