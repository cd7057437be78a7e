// Requests to the service. The types are those of the OpenAPI document.

/** @typedef {{ label: string, confidence: number, scores: Record<string, number> }} Judgement */
/** @typedef {{ name: string, precision: string }} Model */
/** @typedef {{ judgements: Judgement[], latency: number, model: Model }} Answer */
/** @typedef {{ hypothesis: string, premise?: string, answer?: string }} Sentence */
/** @typedef {{ image: string, name: string, alt?: string, sentences: Sentence[] }} Example */
/** @typedef {{ model: Model & { image_size: number }, needs_key: boolean, examples: Example[] }} About */
/** @typedef {{ image: File, texts: string[], premise: string, key: string }} Question */

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

/** @param {Question} question @param {string[]} texts @param {AbortSignal} signal @returns {RequestInit} */
const formOf = ({ image, premise, key }, texts, signal) => {
  const body = new FormData();
  body.append('image', image);
  for (const text of texts) body.append('text', text);
  if (texts.length > 0 && premise !== '') body.append('premise', premise);
  return { method: 'POST', body, signal, headers: key === '' ? {} : { authorization: `Bearer ${key}` } };
};

/** The model and its examples. @returns {Promise<About>} */
export const about = async () => {
  const body = await jsonOf(await request('demo/about.json'));
  return /** @type {About} */ (body);
};

/** Judges the sentences. @param {Question} question @param {AbortSignal} signal @returns {Promise<Answer>} */
export const predict = async (question, signal) => {
  const body = /** @type {(Judgement | { results: Judgement[] }) & { latency_ms: number, model: Model }} */ (
    await jsonOf(await request('predict', formOf(question, question.texts, signal)))
  );
  const judgements = 'results' in body ? body.results : [body];
  return { judgements, latency: body.latency_ms, model: body.model };
};

/** The picture as the model sees it. @param {Question} question @param {AbortSignal} signal @returns {Promise<Blob>} */
export const pixels = async (question, signal) => (await request('demo/pixels', formOf(question, [], signal))).blob();

/** An example's picture. @param {Example} example @returns {Promise<File>} */
export const pictureOf = async ({ image, name }) => {
  const blob = await (await request(image)).blob();
  return new File([blob], name, { type: blob.type });
};
