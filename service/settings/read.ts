import { echo, withoutUserInfo } from '../../model/echo.ts';
import { UserError } from '../../model/errors.ts';
import { checkSettings, type SettingProblem } from './check.ts';
import { DEFAULT_SETTINGS, SETTINGS, type Settings } from './definitions.ts';
import { wordsOf, type Environment, type Setting } from './setting.ts';
import { unknownVariables, type UnknownVariable } from './unknown.ts';

export type { Settings } from './definitions.ts';

/**
 * Reads the settings from the environment. A variable that is unset or empty takes its default.
 *
 * @param environment usually `process.env`
 * @returns a value for every setting
 * @throws UserError `settings-invalid`, one sentence that names every wrong variable
 */
export function readSettings(environment: Environment): Settings {
  const { given, wrong } = read(environment);
  const problems = [...wrong, ...unknownVariables(environment).map(describeUnknown)];
  if (problems.length > 0) {
    throw new UserError('settings-invalid', `Wrong settings: ${problems.join('; ')}.`);
  }
  return { ...DEFAULT_SETTINGS, ...given };
}

/** A sentence for each variable whose wrong value {@link readSettings} ignores. */
export function ignoredSettings(environment: Environment): string[] {
  return read(environment).ignored.map((sentence) => `${sentence}; it is ignored`);
}

interface Read {
  /** Values of the settings that are set, without those that are ignored. */
  readonly given: Partial<Settings>;
  /** A clause for each value that must not be ignored. */
  readonly wrong: readonly string[];
  readonly ignored: readonly string[];
}

function read(environment: Environment): Read {
  const given = new Map(
    Object.entries<Setting>(SETTINGS)
      .map(([name, setting]) => [name, parse(setting, environment[name]?.trim() ?? '')] as const)
      .filter(([, value]) => value !== ''),
  );
  const ignored: string[] = [];
  for (;;) {
    const values: Partial<Settings> = Object.fromEntries(given);
    const problems = checkSettings(values);
    const lenient = problems.filter(({ name }) => given.has(name) && SETTINGS[name].isLenient);
    if (lenient.length === 0) return { given: values, wrong: problems.map(describe), ignored };
    ignored.push(...lenient.map(describe));
    for (const { name } of lenient) given.delete(name);
  }
}

function parse({ kind }: Setting, text: string): string | number {
  if (kind === 'text') return text;
  // A number that is not written in digits stays text, which the check refuses unless it is "off".
  return kind === 'integer' && /^\d{1,15}$/.test(text) ? Number(text) : text.toLowerCase();
}

function describe({ name, value, mustBe }: SettingProblem): string {
  const shown = typeof value === 'string' ? withoutUserInfo(value) : value;
  return echo(`${name} is ${JSON.stringify(shown)} but must be ${mustBe}`);
}

function describeUnknown({ name, meant }: UnknownVariable): string {
  const right = meant === undefined ? '' : `, the setting is called ${meant}`;
  return `${name} is not a setting of this program${right}`;
}

/**
 * Describes every setting for a terminal, in two lines: name, default and valid values, then the description.
 */
export function describeSettings(): string {
  return Object.entries<Setting>(SETTINGS)
    .map(([name, setting]) => {
      const fallback = setting.default === '' ? 'not set' : String(setting.default);
      return `  ${name} (default: ${fallback}${allowed(setting)})\n      ${setting.description}`;
    })
    .join('\n');
}

function allowed(setting: Setting): string {
  if (setting.kind === 'integer') return `; ${setting.min} to ${setting.max}${setting.canBeOff ? ', or off' : ''}`;
  return setting.kind === 'choice' ? `; one of ${wordsOf(setting).join(', ')}` : '';
}

/** A sentence for the log about each valid value that is probably not intended. */
export function settingWarnings({ ENGINE_TIMEOUT_MS, REQUEST_TIMEOUT_MS }: Settings): string[] {
  if (ENGINE_TIMEOUT_MS < REQUEST_TIMEOUT_MS) return [];
  return [
    `ENGINE_TIMEOUT_MS is ${ENGINE_TIMEOUT_MS}, not below REQUEST_TIMEOUT_MS, which is ${REQUEST_TIMEOUT_MS}: when an engine hangs, its requests time out before they can be retried`,
  ];
}
