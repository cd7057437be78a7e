import { unescape } from 'node:querystring';
import { UserError } from '../errors.ts';
import { isPresetName, type PresetName, PRESETS } from './presets.ts';

export const DEFAULT_ENDPOINT = 'https://www.modelscope.cn';

/** A published model. */
export interface ModelSource {
  /** `owner/name`. */
  readonly id: string;
  /** Root of the API, without a trailing slash and without credentials. */
  readonly endpoint: string;
  /** Value of the Authorization header, for the endpoint only. */
  readonly authorization?: string;
  /** The preset with this id, if there is one. */
  readonly preset?: PresetName;
}

const SEGMENT = '[A-Za-z0-9][A-Za-z0-9._-]*';
const MODEL_ID = new RegExp(`^${SEGMENT}/${SEGMENT}$`);
/** Path of a model's page or of its address in the API; what follows the id is ignored. */
const MODEL_PATH = new RegExp(`^(.*?)(?:/api/v1)?/models/(${SEGMENT}/${SEGMENT})(?:/.*)?$`);

/**
 * Resolves the name of a preset, a model id, or the address of a model's page.
 *
 * @param endpoint root of the API. Default: {@link DEFAULT_ENDPOINT}
 * @throws UserError (model-unknown) if the name is none of these; (settings-invalid) if the endpoint is no web
 *   address, or is given beside an address, which includes its own
 */
export function modelSource(name: string, endpoint?: string): ModelSource {
  if (isAddress(name)) {
    if (endpoint !== undefined) {
      throw new UserError(
        'settings-invalid',
        'The address of a model includes its endpoint: give either an address or an endpoint, not both.',
      );
    }
    return fromAddress(name);
  }
  const id = isPresetName(name) ? PRESETS[name].id : name;
  if (!MODEL_ID.test(id)) throw unknownModel(name);
  return sourceAt(id, endpoint ?? DEFAULT_ENDPOINT);
}

/** Whether a model is given by its address, which includes the endpoint. */
export function isAddress(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

function sourceAt(id: string, endpoint: string): ModelSource {
  const presets = Object.keys(PRESETS).filter(isPresetName);
  const preset = presets.find((name) => PRESETS[name].id === id);
  return { id, ...parseEndpoint(endpoint), ...(preset !== undefined && { preset }) };
}

function fromAddress(name: string): ModelSource {
  const url = URL.canParse(name) ? new URL(name) : undefined;
  const [, prefix, id] = MODEL_PATH.exec(url?.pathname ?? '') ?? [];
  if (url === undefined || prefix === undefined || id === undefined) throw unknownModel(name);
  url.pathname = prefix;
  url.search = '';
  url.hash = '';
  return sourceAt(id, url.href);
}

/**
 * Adds an access token, unless the endpoint has credentials of its own or is another host's than the token is for.
 *
 * @param hub the endpoint that the token is for. Default: {@link DEFAULT_ENDPOINT}
 * @throws UserError (settings-invalid) if the token cannot be one
 */
export function withToken(source: ModelSource, token: string, hub = DEFAULT_ENDPOINT): ModelSource {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    // The value is not repeated: it is a secret.
    throw new UserError('settings-invalid', 'MODELSCOPE_API_TOKEN must be one word of ASCII characters.');
  }
  const isForHost = new URL(source.endpoint).origin === new URL(parseEndpoint(hub).endpoint).origin;
  if (source.authorization !== undefined || !isForHost) return source;
  return { ...source, authorization: `Bearer ${token}` };
}

/**
 * Separates user name and password from the address, so that they reach no message and no other host. An address
 * without a scheme is one of https, as for ModelScope's own client.
 */
function parseEndpoint(text: string): Pick<ModelSource, 'endpoint' | 'authorization'> {
  const address = text.includes('://') ? text : `https://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UserError(
      'settings-invalid',
      `The endpoint must be a web address such as ${DEFAULT_ENDPOINT}, without a query.`,
    );
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const parsed = { endpoint: url.href.replace(/\/+$/, '') };
  if (username === '' && password === '') return parsed;
  // Unlike decodeURIComponent, this takes a lone % literally.
  const pair = `${unescape(username)}:${unescape(password)}`;
  return { ...parsed, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function unknownModel(name: string): UserError {
  // An address is not repeated: it may hold a password.
  const shown = name.includes('://') ? 'The address' : JSON.stringify(name);
  return new UserError(
    'model-unknown',
    `${shown} is not a model: give a preset (${Object.keys(PRESETS).join(', ')}), a model id such as ` +
      `${PRESETS.large.id}, or the address of a model's page.`,
  );
}
