// What went wrong, in words.
import { KeyError } from './service.js';
import { element } from './view.js';

/**
 * What went wrong, as a sentence. If an API key is missing, its field is shown: a service may begin to require keys
 * while the page is open.
 *
 * @param {unknown} problem
 */
export const sentenceOf = (problem) => {
  if (problem instanceof KeyError) element('key-field', HTMLDivElement).hidden = false;
  return problem instanceof Error ? problem.message : String(problem);
};
