// Requests to the service. The types are those of the OpenAPI document.

/** @typedef {{ label: string, confidence: number, scores: Record<string, number>, explanation?: { heatmap: number[][] } }} Judgement */
/** @typedef {{ name: string, precision: string }} Model */
/** @typedef {{ judgements: Judgement[], warnings?: string[], latency: number, model: Model }} Answer */
/** @typedef {{ hypothesis: string, premise?: string, answer?: string }} Sentence */
/** @typedef {{ image: string, name: string, alt?: string, sentences: Sentence[] }} Example */
/** @typedef {{ model: Model & { image_size: number }, knows?: string, max_body_mb: number, needs_key: boolean, examples: Example[] }} About */
/** @typedef {{ image: File, texts: string[], premise: string, key: string, example?: Example }} Question */

/** @param {Response} response @returns {Promise<unknown>} */
const jsonOf = (response) => response.json();

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
  const problem = /** @type {{ detail?: string }} */ (await jsonOf(response).catch(() => ({})));
  throw new Error(problem.detail ?? `The service answered ${response.status}.`);
};

/** @param {Question} question @param {Record<string, string[]>} fields @param {AbortSignal} signal @returns {RequestInit} */
const formOf = ({ image, key }, fields, signal) => {
  const body = new FormData();
  body.append('image', image);
  for (const [name, values] of Object.entries(fields)) for (const value of values) body.append(name, value);
  return { method: 'POST', body, signal, headers: key === '' ? {} : { authorization: `Bearer ${key}` } };
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
