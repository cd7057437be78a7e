import { UserError } from '../../model/errors.ts';
import { CLOSING_MS, ENVIRONMENT_VARIABLE, SETTINGS } from './definitions.ts';
import type { SettingName } from './definitions.ts';
import type { Environment, Setting } from './setting.ts';
import { nearestSetting } from './suggest.ts';

type ValueOf<S extends Setting> = S extends { kind: 'integer' }
  ? number
  : S extends { kind: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** Every setting with its checked value; see {@link SETTINGS} for what each means. */
export type Settings = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> };

/**
 * Values of OpenTelemetry's OTEL_EXPORTER_OTLP_PROTOCOL that the service can be started with. It sends JSON, which
 * every collector accepts where it accepts http/protobuf.
 */
const OTLP_PROTOCOLS = ['', 'http/json', 'http/protobuf'];

const RESERVED_PREFIX = 'OFA_VE_';

/**
 * What Kubernetes sets in every pod beside a Service called `ofa-ve...` (service links): not a user's mistake.
 */
const SERVICE_LINK =
  /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_ADDRESS = /^(tcp|udp|sctp):\/\//;

/**
 * Reads the settings from the environment. A variable that is unset or empty takes its default.
 *
 * @param environment usually `process.env`
 * @returns a value for every setting
 * @throws UserError `settings-invalid`, one sentence that names every wrong variable
 */
export function readSettings(environment: Environment): Settings {
  const problems: string[] = [];
  const values: Record<string, string | number> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = environment[name]?.trim() ?? '';
    if (text === '') {
      values[name] = setting.default;
      continue;
    }
    const problem = check(setting, text);
    if (problem !== undefined) problems.push(`${name} is "${text}" but must be ${problem}`);
    else values[name] = setting.kind === 'integer' ? Number(text) : text;
  }
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(RESERVED_PREFIX) || name === ENVIRONMENT_VARIABLE) continue;
    if (isServiceLink(name, text ?? '')) continue;
    const meant = nearestSetting(name.slice(RESERVED_PREFIX.length));
    const right = meant === undefined ? '' : `, the setting is called ${meant}`;
    problems.push(`${name} is not a setting of this program${right}`);
  }
  const protocol = environment['OTEL_EXPORTER_OTLP_PROTOCOL']?.trim() ?? '';
  if (!OTLP_PROTOCOLS.includes(protocol)) {
    problems.push(`OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}" but must be "http/json" or "http/protobuf"`);
  }
  // Each setting was checked against its own description above; the record's type follows from it.
  const settings = values as unknown as Settings;
  if (problems.length === 0) problems.push(...checkTogether(settings));
  if (problems.length > 0) {
    throw new UserError('settings-invalid', `Wrong settings: ${problems.join('; ')}.`);
  }
  return settings;
}

/** The default of every setting, for tests and tools that start from it. */
export function defaultSettings(): Settings {
  return readSettings({});
}

/**
 * Two lines for each setting: name, default and what it may be, then why one would change it.
 *
 * @returns text for a terminal, a setting a paragraph
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
  if (setting.kind === 'integer') return `; ${setting.min} to ${setting.max}`;
  return setting.kind === 'choice' ? `; one of ${setting.choices.join(', ')}` : '';
}

function check(setting: Setting, text: string): string | undefined {
  switch (setting.kind) {
    case 'integer': {
      const fits = /^\d{1,15}$/.test(text) && Number(text) >= setting.min && Number(text) <= setting.max;
      return fits ? undefined : `a whole number from ${setting.min} to ${setting.max}`;
    }
    case 'choice':
      return setting.choices.includes(text)
        ? undefined
        : `one of ${setting.choices.map((choice) => `"${choice}"`).join(', ')}`;
    case 'text':
      return undefined;
  }
}

function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(text));
}

/** What holds between settings, once each is right by itself. */
function checkTogether(settings: Settings): string[] {
  const problems: string[] = [];
  const mostDrain = settings.SHUTDOWN_TIMEOUT_MS - CLOSING_MS;
  if (settings.DRAIN_DELAY_MS > mostDrain) {
    problems.push(
      `DRAIN_DELAY_MS is ${settings.DRAIN_DELAY_MS} but must be at most ${mostDrain} with SHUTDOWN_TIMEOUT_MS ${settings.SHUTDOWN_TIMEOUT_MS}`,
    );
  }
  if (settings.MAX_BODIES_MB < settings.MAX_BODY_MB) {
    problems.push(
      `MAX_BODIES_MB is ${settings.MAX_BODIES_MB} but must be at least MAX_BODY_MB, which is ${settings.MAX_BODY_MB}`,
    );
  }
  if (settings.PORT !== 0 && settings.PORT === settings.ADMIN_PORT) {
    problems.push(`PORT and ADMIN_PORT are both ${settings.PORT} but must differ`);
  }
  for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] as const) {
    if (settings[name] !== '' && !isHttpUrl(settings[name])) {
      problems.push(`${name} must be an http:// or https:// address`);
    }
  }
  for (const origin of listOf(settings.CORS_ORIGINS)) {
    if (!isHttpUrl(origin) || new URL(origin).origin !== origin) {
      problems.push(`CORS_ORIGINS has "${origin}" but must list origins such as https://example.org`);
    }
  }
  return problems;
}

/** What is allowed and yet hardly meant: sentences for the log. */
export function doubtsAbout({ ENGINE_TIMEOUT_MS, REQUEST_TIMEOUT_MS }: Settings): string[] {
  if (ENGINE_TIMEOUT_MS < REQUEST_TIMEOUT_MS) return [];
  return [
    `ENGINE_TIMEOUT_MS is ${ENGINE_TIMEOUT_MS}, not below REQUEST_TIMEOUT_MS, which is ${REQUEST_TIMEOUT_MS}: when an engine hangs, its requests run out of time before they can be tried again`,
  ];
}

/** The parts of a comma-separated setting. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
