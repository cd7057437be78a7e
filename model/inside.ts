/** Whether an untrusted path, with `/`, is one of a file in a folder. */
export function isInside(name: string): boolean {
  return name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

/** As {@link isInside}, on any operating system. */
export function staysInside(name: string): boolean {
  return isInside(name) && !/[\\:\u0000-\u001f]/.test(name);
}
