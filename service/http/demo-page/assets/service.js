// What the page asks of the service. The types are those of the OpenAPI document.

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
 * @param {string} path relative to the page, which may lie behind any prefix
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 * @throws {Error} whose message is a sentence for the user
 */
const ask = async (path, init) => {
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

/** What the page has to know of the model and its examples. @returns {Promise<About>} */
export const about = async () => {
  const body = await jsonOf(await ask('demo/about.json'));
  return /** @type {About} */ (body);
};

/** Has the sentences judged. @param {Question} question @param {AbortSignal} signal @returns {Promise<Answer>} */
export const predict = async (question, signal) => {
  const body = /** @type {(Judgement | { results: Judgement[] }) & { latency_ms: number, model: Model }} */ (
    await jsonOf(await ask('predict', formOf(question, question.texts, signal)))
  );
  const judgements = 'results' in body ? body.results : [body];
  return { judgements, latency: body.latency_ms, model: body.model };
};

/** The picture as the model sees it. @param {Question} question @param {AbortSignal} signal @returns {Promise<Blob>} */
export const pixels = async (question, signal) =>
  (await ask('demo/pixels', formOf(question, [], signal))).blob();

/** An example's picture. @param {Example} example @returns {Promise<File>} */
export const pictureOf = async ({ image, name }) => {
  const blob = await (await ask(image)).blob();
  return new File([blob], name, { type: blob.type });
};
