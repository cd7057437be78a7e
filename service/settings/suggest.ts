import { SETTINGS } from './definitions.ts';
import type { Environment } from './setting.ts';

/** Below this, names of other programs are a letter away: HOSTS, SORT, ENGINE. */
const LEAST_LENGTH = 8;
const NAMES = Object.keys(SETTINGS);

/** The setting of this name, or the one that was meant by it: another one by a letter more, less, other or swapped. */
export function nearestSetting(name: string, names: readonly string[] = NAMES): string | undefined {
  return names.find((each) => each === name) ?? names.find((each) => isOneEdit(each, name));
}

/**
 * Variables that look like settings and are none. The environment is not the service's alone, so they may be right.
 *
 * @returns a sentence for each
 */
export function misspeltSettings(environment: Environment): string[] {
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? '') !== '';
  // A setting that is set was not misspelt.
  const names = NAMES.filter((name) => name.length >= LEAST_LENGTH && !isSet(name));
  return Object.keys(environment)
    .filter((name) => isSet(name) && !NAMES.includes(name))
    .flatMap((name) => {
      const meant = nearestSetting(name, names);
      return meant === undefined ? [] : [`${name} is not a setting of this program; ${meant} is.`];
    });
}

function isOneEdit(one: string, other: string): boolean {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  const [a, b] = [one.slice(same), other.slice(same)];
  const swapped = a.slice(1, 2) + a.slice(0, 1) + a.slice(2);
  return a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1) || swapped === b;
}
