import { UserError } from '../errors.ts';
import { isPresetName, type PresetName, PRESETS } from './presets.ts';

/** Where ModelScope's API is unless something else is asked for. */
export const DEFAULT_ENDPOINT = 'https://www.modelscope.cn';
/** Environment variable that names another endpoint. */
export const ENDPOINT_VARIABLE = 'MODELSCOPE_ENDPOINT';

/** A model and where it is published. */
export interface ModelSource {
  /** `owner/name`. */
  readonly id: string;
  /** Root of the API, without a slash at its end and without credentials. */
  readonly endpoint: string;
  /** Value of an Authorization header that the endpoint, and no other host, gets. */
  readonly authorization?: string;
  /** The preset that this is, if it is one. */
  readonly preset?: PresetName;
}

const SEGMENT = '[A-Za-z0-9][A-Za-z0-9._-]*';
const MODEL_ID = new RegExp(`^${SEGMENT}/${SEGMENT}$`);
/** A model's page, or its address in the API; what follows the id does not matter. */
const MODEL_PATH = new RegExp(`^(.*?)(?:/api/v1)?/models/(${SEGMENT}/${SEGMENT})(?:/.*)?$`);

/**
 * What a user's word means: the name of a preset, a model id, or the address of a model's page.
 *
 * @param endpoint root of the API: the user's setting. Default: {@link DEFAULT_ENDPOINT}
 * @throws UserError (model-unknown) if the word is none of these; (settings-invalid) if the endpoint is no web
 *   address, or the word is an address that has an endpoint of its own
 */
export function modelSource(word: string, endpoint?: string): ModelSource {
  if (isAddress(word)) {
    if (endpoint !== undefined) {
      throw new UserError(
        'settings-invalid',
        'The address of a model names its host: give either an address or an endpoint, not both.',
      );
    }
    return fromAddress(word);
  }
  const preset = isPresetName(word) ? word : presetOf(word);
  const id = preset === undefined ? word : PRESETS[preset].id;
  if (!MODEL_ID.test(id)) throw unknownWord(word);
  return { id, ...parseEndpoint(endpoint ?? DEFAULT_ENDPOINT), ...(preset && { preset }) };
}

/** Whether a word is an address, which names its endpoint itself. */
export function isAddress(word: string): boolean {
  return /^https?:\/\//i.test(word);
}

function presetOf(id: string): PresetName | undefined {
  return Object.keys(PRESETS)
    .filter(isPresetName)
    .find((name) => PRESETS[name].id === id);
}

function fromAddress(word: string): ModelSource {
  const url = URL.canParse(word) ? new URL(word) : undefined;
  const [, prefix, id] = MODEL_PATH.exec(url?.pathname ?? '') ?? [];
  if (url === undefined || prefix === undefined || id === undefined) throw unknownWord(word);
  const preset = presetOf(id);
  url.pathname = prefix;
  url.search = '';
  url.hash = '';
  return { id, ...parseEndpoint(url.href), ...(preset && { preset }) };
}

/** Takes user and password out of the address, so that no message and no other host can get them. */
function parseEndpoint(text: string): Pick<ModelSource, 'endpoint' | 'authorization'> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UserError(
      'settings-invalid',
      `The endpoint must be a web address such as ${DEFAULT_ENDPOINT}, without a query.`,
    );
  }
  const authorization = basicAuthorization(url);
  url.username = '';
  url.password = '';
  return { endpoint: url.href.replace(/\/+$/, ''), ...(authorization !== undefined && { authorization }) };
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw new UserError(
      'settings-invalid',
      'User and password in the endpoint must be percent-encoded: a % of their own is written %25.',
    );
  }
}

function unknownWord(word: string): UserError {
  // An address may hold a password.
  const shown = word.includes('://') ? 'The address' : JSON.stringify(word);
  return new UserError(
    'model-unknown',
    `${shown} is not a model: give a preset (${Object.keys(PRESETS).join(', ')}), a model id such as ` +
      `${PRESETS.large.id}, or the address of a model's page.`,
  );
}
