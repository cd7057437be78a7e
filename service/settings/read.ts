import { UserError } from '../../model/errors.ts';
import { checkSettings } from './check.ts';
import { DEFAULT_SETTINGS, ENVIRONMENT_VARIABLE, SETTINGS, type Settings } from './definitions.ts';
import type { Environment, Setting } from './setting.ts';
import { nearestSetting } from './suggest.ts';

export type { Settings } from './definitions.ts';

/**
 * Values of OpenTelemetry's OTEL_EXPORTER_OTLP_PROTOCOL with which the service starts. It sends JSON, which every
 * collector accepts on the same address as http/protobuf.
 */
const OTLP_PROTOCOLS = ['', 'http/json', 'http/protobuf'];

/** Prefix of the project's own variables; unknown ones are refused. */
const RESERVED_PREFIX = 'OFA_VE_';

/** Variables that Kubernetes sets in every pod beside a Service called `ofa-ve...` (service links). */
const SERVICE_LINK = /_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_ADDRESS = /^(tcp|udp|sctp):\/\//;

/**
 * Reads the settings from the environment. A variable that is unset or empty takes its default.
 *
 * @param environment usually `process.env`
 * @returns a value for every setting
 * @throws UserError `settings-invalid`, one sentence that names every wrong variable
 */
export function readSettings(environment: Environment): Settings {
  const given = Object.fromEntries(
    Object.entries<Setting>(SETTINGS)
      .map(([name, { kind }]) => {
        const text = environment[name]?.trim() ?? '';
        // A number that is not written in digits stays text, which the check refuses.
        return [name, kind === 'integer' && /^\d{1,15}$/.test(text) ? Number(text) : text] as const;
      })
      .filter(([, value]) => value !== ''),
  );
  const problems = [
    ...checkSettings(given).map(
      ({ name, value, mustBe }) => `${name} is ${JSON.stringify(value)} but must be ${mustBe}`,
    ),
    ...unknownVariables(environment),
    ...wrongProtocol(environment),
  ];
  if (problems.length > 0) {
    throw new UserError('settings-invalid', `Wrong settings: ${problems.join('; ')}.`);
  }
  return { ...DEFAULT_SETTINGS, ...given };
}

/** A sentence for each variable with the project's prefix that the service does not know. */
function unknownVariables(environment: Environment): string[] {
  return Object.entries(environment)
    .filter(([name, text]) => name.startsWith(RESERVED_PREFIX) && !isServiceLink(name, text ?? ''))
    .filter(([name]) => name !== ENVIRONMENT_VARIABLE)
    .map(([name]) => {
      const meant = nearestSetting(name.slice(RESERVED_PREFIX.length));
      const right = meant === undefined ? '' : `, the setting is called ${meant}`;
      return `${name} is not a setting of this program${right}`;
    });
}

function wrongProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: variable = '' }: Environment): string[] {
  const protocol = variable.trim();
  return OTLP_PROTOCOLS.includes(protocol)
    ? []
    : [`OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}" but must be "http/json" or "http/protobuf"`];
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
  if (setting.kind === 'integer') return `; ${setting.min} to ${setting.max}`;
  return setting.kind === 'choice' ? `; one of ${setting.choices.join(', ')}` : '';
}

function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith('_PORT') && SERVICE_LINK_ADDRESS.test(text));
}

/** A sentence for the log about each valid value that is probably not intended. */
export function settingWarnings({ ENGINE_TIMEOUT_MS, REQUEST_TIMEOUT_MS }: Settings): string[] {
  if (ENGINE_TIMEOUT_MS < REQUEST_TIMEOUT_MS) return [];
  return [
    `ENGINE_TIMEOUT_MS is ${ENGINE_TIMEOUT_MS}, not below REQUEST_TIMEOUT_MS, which is ${REQUEST_TIMEOUT_MS}: when an engine hangs, its requests time out before they can be retried`,
  ];
}
