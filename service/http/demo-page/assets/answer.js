// Shows an answer: the picture beside the judgements, where the model looked, and the question as code.
import { codeFor } from './code.js';
import { hideHeat, showHeat } from './heat.js';
import { sentenceOf } from './problems.js';
import { explain, pixels } from './service.js';
import { csvOf, element, isTable, make, results } from './view.js';

/** @import { Answer, Question } from './service.js' */
/** @import { Row } from './view.js' */

const caption = element('seen-caption', HTMLElement);
const key = element('key', HTMLInputElement);
const CHOSEN = 'The picture as it was chosen.';
const SEEN = 'What the model saw, pixel for pixel.';

/** The question that is answered. @type {Question | undefined} */
let answered;
/** @type {Row[]} */
let rows = [];
/** Aborts the pending explanation when another one, or another answer, takes its place. */
let looking = new AbortController();

/** @param {Blob} picture @param {HTMLImageElement} image */
const display = (picture, image) => {
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(picture);
};

/** Shows where the model looked, or the picture alone if it is shown. @type {import('./view.js').OnLook} */
const look = async ({ text }, button) => {
  const wasPressed = button.getAttribute('aria-pressed') === 'true';
  for (const other of document.querySelectorAll('.look')) other.setAttribute('aria-pressed', 'false');
  hideHeat();
  caption.textContent = SEEN;
  // An explanation takes the service as long as many answers.
  looking.abort();
  const asked = answered;
  if (wasPressed || asked === undefined) return;
  looking = new AbortController();
  const { signal } = looking;
  // Read aloud, as what was asked for.
  caption.setAttribute('aria-live', 'polite');
  button.setAttribute('aria-pressed', 'true');
  button.classList.add('busy');
  try {
    const heatmap = await explain({ ...asked, key: key.value.trim() }, text, signal);
    if (!signal.aborted) caption.textContent = `“${text}”: ${showHeat(heatmap)}`;
  } catch (problem) {
    if (!signal.aborted) {
      button.setAttribute('aria-pressed', 'false');
      caption.textContent = sentenceOf(problem);
    }
  } finally {
    button.classList.remove('busy');
  }
};

const showCode = () => {
  if (answered === undefined) return;
  const language = element('language', HTMLSelectElement).value;
  element('code', HTMLElement).textContent = codeFor(language, answered);
  element('copied', HTMLSpanElement).textContent = '';
};

/**
 * @param {Question} asked
 * @param {Answer} answer
 * @param {AbortSignal} signal aborts when another question takes its place
 * @param {number} [elapsed] milliseconds, unless the answer is an earlier one
 * @returns {Promise<void>} fulfils when the exact pixels are shown, too, or cannot be had
 */
export const showAnswer = async (asked, { judgements, warnings = [], latency, model }, signal, elapsed) => {
  answered = asked;
  looking.abort();
  rows = judgements.map((judgement, index) => {
    const text = asked.texts[index] ?? '';
    const same = asked.example?.sentences.find(
      (each) => each.hypothesis === text && (each.premise ?? '').trim() === asked.premise,
    );
    return { text, judgement, expected: same?.answer };
  });
  element('results', HTMLDivElement).replaceChildren(results(rows, look));
  element('warnings', HTMLDivElement).replaceChildren(...warnings.map((detail) => make('p', 'note', detail)));
  element('csv', HTMLButtonElement).hidden = !isTable(rows.length);
  element('timing', HTMLParagraphElement).textContent =
    elapsed === undefined
      ? `An earlier answer; ${model.name}, ${model.precision}`
      : `${latency.toFixed(0)} ms in the service, ${elapsed.toFixed(0)} ms including the network; ${model.name}, ${model.precision}`;
  showCode();
  hideHeat();
  const image = element('seen-image', HTMLImageElement);
  const figure = element('seen', HTMLElement);
  delete figure.dataset['exact'];
  // At once, so that picture and answers appear together.
  display(asked.image, image);
  caption.setAttribute('aria-live', 'off');
  caption.textContent = CHOSEN;
  element('answer', HTMLElement).hidden = false;
  try {
    const exact = await pixels(asked, signal);
    signal.throwIfAborted();
    display(exact, image);
    if (caption.textContent === CHOSEN) caption.textContent = SEEN;
    figure.dataset['exact'] = 'true';
  } catch (problem) {
    signal.throwIfAborted();
    // The answer stands without them.
    const reason = sentenceOf(problem);
    if (caption.textContent === CHOSEN) caption.textContent = `${CHOSEN} What the model saw is not shown: ${reason}`;
  }
};

/** Marks the answer if it is one to another question. @param {Question | undefined} now @returns {boolean} whether it is */
export const markStale = (now) => {
  const isSame =
    answered?.image === now?.image &&
    answered?.premise === now?.premise &&
    answered?.texts.join('\n') === now?.texts.join('\n');
  element('stale', HTMLParagraphElement).hidden = isSame;
  element('answer', HTMLElement).classList.toggle('stale', !isSame);
  return !isSame;
};

element('language', HTMLSelectElement).addEventListener('change', showCode);

/** Without it, Excel takes a CSV file for one in the code page of its Windows. */
const BYTE_ORDER_MARK = '\ufeff';

element('csv', HTMLButtonElement).addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(
    new Blob([BYTE_ORDER_MARK, csvOf(rows, answered?.premise ?? '')], { type: 'text/csv' }),
  );
  link.download = 'answers.csv';
  link.click();
  URL.revokeObjectURL(link.href);
});

element('copy', HTMLButtonElement).addEventListener('click', () => {
  const code = element('code', HTMLElement);
  const copied = element('copied', HTMLSpanElement);
  // Browsers offer the clipboard only to pages from localhost or over TLS, and may still refuse access.
  const clipboard = /** @type {Clipboard | undefined} */ (navigator.clipboard);
  const written = clipboard?.writeText(code.textContent) ?? Promise.reject(new Error('no clipboard'));
  written.then(
    () => {
      copied.textContent = 'Copied.';
    },
    () => {
      getSelection()?.selectAllChildren(code);
      copied.textContent = 'Selected. Press Ctrl+C to copy.';
    },
  );
});
