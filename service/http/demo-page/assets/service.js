// Requests to the service. The types are those of the OpenAPI document.

/** @typedef {{ label: string, confidence: number, scores: Record<string, number>, explanation?: { heatmap: number[][] } }} Judgement */
/** @typedef {{ name: string, precision: string, digest: string }} Model */
/** @typedef {{ judgements: Judgement[], warnings?: string[], latency: number, model: Model }} Answer */
/** @typedef {{ hypothesis: string, premise?: string, answer?: string }} Sentence */
/** @typedef {{ image: string, name: string, alt?: string, sentences: Sentence[] }} Example */
/** @typedef {{ model: Model & { image_size: number }, knows?: string, max_body_mb: number, needs_key: boolean, examples: Example[] }} About */
/** @typedef {{ image: File, texts: string[], premise: string, key: string, example?: Example }} Question */

/** Says that an API key is missing or wrong. */
export class KeyError extends Error {}
/** Says that the service has no such thing. */
export class MissingError extends Error {}

/** @param {Response} response @returns {Promise<unknown>} @throws {Error} with a message for the user */
const jsonOf = async (response) => {
  const text = await response.text().catch(() => {
    throw new Error('The connection was lost before the answer was complete. Ask again.');
  });
  try {
    /** @type {unknown} */
    const value = JSON.parse(text);
    return value;
  } catch {
    throw new Error(
      'The answer is not the service’s: a proxy or a sign-in page between has sent it. Reload this page.',
    );
  }
};

/** What an answer means that is not the service's own, but that of a proxy before it. @param {number} status */
const byProxy = (status) => {
  switch (status) {
    case 413:
      return 'The picture is too large for a proxy before the service. Choose a smaller file.';
    case 429:
      return 'A proxy before the service takes no more requests at the moment. Ask again in a minute.';
    case 502:
    case 503:
      return `The service is not running at the moment (${status}). Ask again in a minute.`;
    case 504:
      return 'A proxy has not waited for the answer of the service. Ask again, with fewer sentences.';
    default:
      return `The service answered ${status}.`;
  }
};

/**
 * @param {string} path relative to the page, which may be served under any prefix
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 * @throws {Error} with a message for the user
 */
const request = async (path, init) => {
  const response = await fetch(path, init).catch(() => {
    init?.signal?.throwIfAborted();
    throw new Error('The service cannot be reached. Is it still running?');
  });
  if (response.ok) return response;
  const problem = /** @type {{ detail?: string } | null} */ (await jsonOf(response).catch(() => null));
  const detail = problem?.detail;
  if (detail === undefined) throw new Error(byProxy(response.status));
  if (response.status === 401) throw new KeyError('This service requires an API key. Enter it above.');
  if (response.status === 403) throw new KeyError(detail);
  if (response.status === 404) throw new MissingError(detail);
  throw new Error(detail);
};

/** @param {string} key @returns {Headers} */
const headersOf = (key) => {
  try {
    return new Headers(key === '' ? {} : { authorization: `Bearer ${key}` });
  } catch {
    throw new KeyError('The API key has characters that no key can have. Copy it again.');
  }
};

/** @param {Question} question @param {Record<string, string[]>} fields @param {AbortSignal} signal @returns {RequestInit} */
const formOf = ({ image, key }, fields, signal) => {
  const body = new FormData();
  body.append('image', image);
  for (const [name, values] of Object.entries(fields)) for (const value of values) body.append(name, value);
  return { method: 'POST', body, signal, headers: headersOf(key) };
};

/** @param {Question} question */
const premiseOf = ({ premise }) => (premise === '' ? [] : [premise]);

/** The model and its examples. @returns {Promise<About>} */
export const about = async () => {
  const body = await jsonOf(await request('demo/about.json'));
  return /** @type {About} */ (body);
};

/** Judges the sentences. @param {Question} question @param {AbortSignal} signal @returns {Promise<Answer>} */
export const predict = async (question, signal) => {
  const form = formOf(question, { text: question.texts, premise: premiseOf(question) }, signal);
  const body =
    /** @type {(Judgement | { results: Judgement[] }) & { warnings?: { detail: string }[], latency_ms: number, model: Model }} */ (
      await jsonOf(await request('predict', form))
    );
  const judgements = 'results' in body ? body.results : [body];
  const warnings = (body.warnings ?? []).map(({ detail }) => detail);
  return { judgements, warnings, latency: body.latency_ms, model: body.model };
};

/**
 * Which parts of the picture decide the answer to one of the sentences.
 *
 * @param {Question} question
 * @param {string} text
 * @param {AbortSignal} signal
 * @returns {Promise<number[][]>}
 */
export const explain = async (question, text, signal) => {
  const form = formOf(question, { text: [text], premise: premiseOf(question), explain: ['true'] }, signal);
  const body = /** @type {Judgement} */ (await jsonOf(await request('predict', form)));
  return body.explanation?.heatmap ?? [];
};

/** The picture as the model sees it. @param {Question} question @param {AbortSignal} signal @returns {Promise<Blob>} */
export const pixels = async (question, signal) => (await request('demo/pixels', formOf(question, {}, signal))).blob();

/** An example's picture. @param {Example} example @returns {Promise<File>} */
export const pictureOf = async ({ image, name }) => {
  const blob = await (await request(image)).blob();
  return new File([blob], name, { type: blob.type });
};
