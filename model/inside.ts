import { posix } from 'node:path';

/** Whether an untrusted relative path stays in its folder, on any operating system. */
export function staysInside(name: string): boolean {
  if (name === '' || /[\\:\u0000-\u001f]/.test(name) || posix.isAbsolute(name)) return false;
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
