import { openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasonOf } from '../../model/system-reason.ts';

function failure(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test('a reason does not repeat the path', () => {
  const open = (name: string) => reasonOf(failure(() => openSync(name, 'r')));
  expect(open('missing')).toBe('no such file or folder');
  expect(open('x'.repeat(5000))).toBe('the path, or a name in it, is too long');
  const rename = Object.assign(new Error("EXDEV: cross-device link not permitted, rename 'a' -> '/b/a'"), {
    code: 'EXDEV',
    syscall: 'rename',
  });
  expect(reasonOf(rename)).toBe('EXDEV: cross-device link not permitted');
  const connect = { code: 'ECONNREFUSED', syscall: 'connect' };
  expect(reasonOf(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), connect))).toBe(
    'connect ECONNREFUSED 127.0.0.1:9',
  );
  expect(reasonOf(new Error('it is a folder'))).toBe('it is a folder');
});
