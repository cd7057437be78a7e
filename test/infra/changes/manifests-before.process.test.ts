import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { manifestsBefore } from '../../../infra/changes/manifests-before.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const COMMITTED = 'kind: Service\nmetadata: { name: a }\n';
const WRITTEN = 'kind: Service\nmetadata: { name: b }\n';

/** Commits everything in a folder, as the first commit of a repository. */
function commit(cwd: string): void {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    [...author, 'commit', '-qm', 'a'],
  ])
    execFileSync('git', args, { cwd });
}

it.each(['dist', 'apps/größe "1"/dist'])('finds the last commit of %s in another repository', (name) => {
  const repository = tempFolder();
  const folder = path.join(repository, name);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, '0001-ofa-ve.k8s.yaml');
  writeFileSync(file, COMMITTED);
  commit(repository);
  expect(manifestsBefore(folder)).toEqual({ held: [COMMITTED], committed: undefined });
  writeFileSync(file, WRITTEN);
  expect(manifestsBefore(folder)).toEqual({ held: [WRITTEN], committed: [COMMITTED] });
  rmSync(path.join(repository, name.split('/')[0] ?? ''), { recursive: true });
  expect(manifestsBefore(folder)).toEqual({ held: [COMMITTED], committed: undefined });
});

it.each(['kind: Service\n', '<<<<<<< HEAD\n', 'a: [', 'text'])('takes the last commit in place of %j', (text) => {
  const folder = tempFolder();
  writeFileSync(path.join(folder, 'a.k8s.yaml'), COMMITTED);
  commit(folder);
  writeFileSync(path.join(folder, 'a.k8s.yaml'), text);
  expect(manifestsBefore(folder)).toEqual({ held: [COMMITTED], committed: undefined, damaged: 'a.k8s.yaml' });
});

it('finds no commit outside of a repository', () => {
  expect(manifestsBefore(path.join(tempFolder(), 'a/dist'))).toEqual({ held: [], committed: undefined });
});
