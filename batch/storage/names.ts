import { isDynamicPattern } from 'tinyglobby';

/** Whether a name has the ending of a tar. */
export function isTar(name: string): boolean {
  return name.toLowerCase().endsWith('.tar');
}

/** Whether a name stands for all files that it matches. */
export function isPattern(name: string): boolean {
  return isDynamicPattern(name);
}
