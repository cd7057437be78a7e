import { SETTINGS } from './definitions.ts';
import type { Environment } from './setting.ts';

/** Shorter names are one letter away from variables of other programs: HOSTS, SORT, ENGINE. */
const LEAST_LENGTH = 8;
const NAMES = Object.keys(SETTINGS);

/** The setting of this name, or one that differs by a letter added, missing, changed or swapped with the next. */
export function nearestSetting(name: string, names: readonly string[] = NAMES): string | undefined {
  return names.find((each) => each === name) ?? names.find((each) => isOneEdit(each, name));
}

/**
 * A sentence for each variable that looks like a misspelt setting. It may be right, as other programs use the same
 * environment.
 */
export function misspeltSettings(environment: Environment): string[] {
  const isSet = (name: string): boolean => (environment[name]?.trim() ?? '') !== '';
  // A setting that is set is not the misspelt one.
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
