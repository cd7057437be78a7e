import { isIP } from 'node:net';
import { CLOSING_MS, DEFAULT_SETTINGS, SETTINGS, type SettingName, type Settings } from './definitions.ts';
import { checkLabels } from './labels.ts';
import { wordsOf, type Setting, type TextSetting } from './setting.ts';
import { OTLP_PROTOCOLS, otlpProtocol, tracesUrl } from './traces.ts';

/** A wrong value: the service does not start with it, or ignores it if its setting is lenient. */
export interface SettingProblem {
  readonly name: SettingName;
  readonly value: unknown;
  /** What the value must be: the end of the sentence "NAME must be ...". */
  readonly mustBe: string;
}

/**
 * Checks settings together. The service calls this when it starts and the deployment when it is synthesized, so
 * neither accepts what the other refuses.
 *
 * @param given a setting that is missing takes its default
 * @returns a problem for each wrong value. Settings that depend on each other are compared only if every one of them
 * is valid by itself.
 */
export function checkSettings(given: Readonly<Partial<Record<SettingName, unknown>>>): SettingProblem[] {
  const values = { ...DEFAULT_SETTINGS, ...given };
  const problems = Object.entries<Setting>(SETTINGS).flatMap(([key, setting]) => {
    const name = key as SettingName;
    const mustBe = checkSetting(setting, values[name]);
    return mustBe === undefined ? [] : [{ name, value: values[name], mustBe }];
  });
  // Each value was checked against its own setting, from which the type of the whole follows.
  return problems.length > 0 ? problems : checkTogether(values as Settings);
}

/**
 * Checks one value by itself.
 *
 * @returns what the value must be, or `undefined` if it is that already
 */
export function checkSetting(setting: Setting, value: unknown): string | undefined {
  switch (setting.kind) {
    case 'integer': {
      const { min, max, canBeOff } = setting;
      const isWhole = Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
      const fits = isWhole || (canBeOff && value === 'off');
      return fits ? undefined : `a whole number from ${min} to ${max}${canBeOff ? ', or off' : ''}`;
    }
    case 'choice': {
      const fits = setting.choices.some((choice) => choice === value);
      return fits ? undefined : `one of ${wordsOf(setting).join(', ')}`;
    }
    case 'text':
      return typeof value === 'string' ? checkText(setting, value) : 'text';
  }
}

function checkText({ format }: TextSetting, text: string): string | undefined {
  if (format === undefined) return undefined;
  switch (format) {
    case 'host':
      return isHost(text)
        ? undefined
        : 'an address such as 0.0.0.0 or ::1, or a name, without http://, port or brackets';
    case 'http-url':
      return text === '' || isHttpUrl(text) ? undefined : 'an http:// or https:// address';
    case 'labels':
      return checkLabels(text);
    case 'networks':
      return checkList(text, isNetwork, 'addresses and networks such as 10.0.0.0/8');
    case 'origins':
      return checkList(text, isOrigin, 'origins such as https://example.org');
  }
}

function checkList(text: string, isPart: (part: string) => boolean, parts: string): string | undefined {
  const wrong = listOf(text).find((part) => !isPart(part));
  return wrong === undefined ? undefined : `a comma-separated list of ${parts}${exceptFor(wrong, text)}`;
}

/** Names the wrong part of a list; a list with a password is not repeated, as commas may divide the password, too. */
function exceptFor(part: string, list: string): string {
  return list.includes('@') ? '' : `, which "${part}" is not`;
}

/** What must hold between settings. */
function checkTogether(settings: Settings): SettingProblem[] {
  const { ADMIN_PORT, DRAIN_DELAY_MS, GRPC_PORT, MAX_BODIES_MB, MAX_BODY_MB, PORT, SHUTDOWN_TIMEOUT_MS } = settings;
  const differ = (one: number | 'off', other: number | 'off'): boolean => one === 0 || one !== other;
  const protocol = otlpProtocol(settings);
  const longestDrain = SHUTDOWN_TIMEOUT_MS - CLOSING_MS;
  const rules: readonly (readonly [holds: boolean, name: SettingName, mustBe: string])[] = [
    [
      DRAIN_DELAY_MS <= longestDrain,
      'DRAIN_DELAY_MS',
      `at most ${longestDrain} with SHUTDOWN_TIMEOUT_MS ${SHUTDOWN_TIMEOUT_MS}`,
    ],
    [MAX_BODIES_MB >= MAX_BODY_MB, 'MAX_BODIES_MB', `at least MAX_BODY_MB, which is ${MAX_BODY_MB}`],
    [
      tracesUrl(settings) === undefined || protocol === undefined || OTLP_PROTOCOLS.includes(protocol.value),
      protocol?.name ?? 'OTEL_EXPORTER_OTLP_PROTOCOL',
      `${OTLP_PROTOCOLS.join(' or ')}, since traces are sent over HTTP: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL to ${OTLP_PROTOCOLS[0]} and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT to the collector's address for HTTP, usually http://HOST:4318/v1/traces`,
    ],
    [differ(PORT, ADMIN_PORT), 'ADMIN_PORT', `another port than PORT, which is ${PORT}`],
    [differ(PORT, GRPC_PORT), 'GRPC_PORT', `another port than PORT, which is ${PORT}`],
    [differ(ADMIN_PORT, GRPC_PORT), 'GRPC_PORT', `another port than ADMIN_PORT, which is ${ADMIN_PORT}`],
  ];
  return rules.filter(([holds]) => !holds).map(([, name, mustBe]) => ({ name, value: settings[name], mustBe }));
}

/** The parts of a comma-separated setting. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Whether it is an IP address, or one with the number of bits that its network has in common. */
function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(bits ?? 0) <= (family === 4 ? 32 : 128);
}

/** Whether it is an IP address, or could be a name. */
function isHost(text: string): boolean {
  return isIP(text) !== 0 || !/[\s/:*@[\]]/.test(text);
}

function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).origin === text;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
