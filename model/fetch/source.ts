import { UserError } from '../errors.ts';
import { isPresetName, PRESETS } from './presets.ts';

export const DEFAULT_ENDPOINT = 'https://www.modelscope.cn';

/** A published model. */
export interface ModelSource {
  /** `owner/name`. */
  readonly id: string;
  /** Branch, tag or commit of its repository. */
  readonly revision: string;
  /** Root of the API, without a trailing slash. */
  readonly endpoint: string;
  /** Access token, for the endpoint only. */
  readonly token?: string;
}

const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Resolves the name of a preset or a model id.
 *
 * @param endpoint root of the API; https if it has no scheme, as for ModelScope's own client
 * @throws UserError (settings-invalid) if the name is neither, the endpoint is not a web address, or the token cannot be one
 */
export function modelSource(name: string, revision: string, endpoint = DEFAULT_ENDPOINT, token?: string): ModelSource {
  const id = isPresetName(name) ? PRESETS[name].id : name;
  if (!MODEL_ID.test(id)) {
    const presets = Object.keys(PRESETS).join(', ');
    const message = `${JSON.stringify(name)} is not a model: give a preset (${presets}) or a model id such as ${PRESETS.large.id}.`;
    throw new UserError('settings-invalid', message);
  }
  // Neither value is repeated: they may hold secrets.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError('settings-invalid', 'MODELSCOPE_API_TOKEN must be one word of ASCII characters.');
  }
  const address = endpoint.includes('://') ? endpoint : `https://${endpoint}`;
  if (!/^https?:\/\/[^@?#]+$/i.test(address) || !URL.canParse(address)) {
    const message = `The endpoint must be a web address such as ${DEFAULT_ENDPOINT}, without a password or a query.`;
    throw new UserError('settings-invalid', message);
  }
  return { id, revision, endpoint: new URL(address).href.replace(/\/+$/, ''), ...(token !== undefined && { token }) };
}
