// The demo page: sends a picture and sentences to the service, and shows the answer.
import { about, pictureOf, pixels, predict } from './service.js';
import { curlFor, element, exampleItem, resultItem } from './view.js';

/** @import { Example, Question } from './service.js' */

const form = element('form', HTMLFormElement);
const drop = element('drop', HTMLDivElement);
const file = element('file', HTMLInputElement);
const preview = element('preview', HTMLImageElement);
const texts = element('texts', HTMLTextAreaElement);
const premise = element('premise', HTMLTextAreaElement);
const key = element('key', HTMLInputElement);
const error = element('error', HTMLParagraphElement);
const status = element('status', HTMLParagraphElement);

/** The chosen picture. @type {File | undefined} */
let picture;
/** Aborts the pending question when another one takes its place. */
let asking = new AbortController();
/** The example that is shown, unless the user has changed its picture. @type {Example | undefined} */
let shown;

/** @param {File} chosen @param {Example} [example] */
const choose = (chosen, example) => {
  picture = chosen;
  shown = example;
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(chosen);
  preview.alt = example?.alt ?? `Chosen picture: ${chosen.name}`;
  preview.hidden = false;
  element('file-name', HTMLParagraphElement).textContent = chosen.name;
  error.textContent = '';
};

/** @param {unknown} problem */
const showError = (problem) => {
  error.textContent = problem instanceof Error ? problem.message : String(problem);
  error.scrollIntoView({ block: 'nearest' });
};

file.addEventListener('change', () => {
  const chosen = file.files?.[0];
  if (chosen) choose(chosen);
});
preview.addEventListener('error', () => {
  // The model reads TIFF, which most browsers cannot display.
  preview.hidden = true;
});
/** Whether text is being dragged to a text field. @param {DragEvent} event */
const isText = ({ target, dataTransfer }) =>
  target instanceof HTMLTextAreaElement && !dataTransfer?.types.includes('Files');
// Anywhere on the page: the browser would navigate to a picture dropped beside the frame.
document.addEventListener('dragover', (event) => {
  if (isText(event)) return;
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) drop.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  if (isText(event)) return;
  event.preventDefault();
  drop.classList.remove('over');
  const dropped = event.dataTransfer?.files[0];
  if (dropped) choose(dropped);
  // A picture dragged from another page arrives as a URL, which is not fetched.
  else showError('That is not a file. Save the picture first and drop the file here, or copy and paste it.');
});
document.addEventListener('paste', (event) => {
  const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
  if (!pasted) return;
  event.preventDefault();
  choose(pasted);
});
texts.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

/** The form's question; undefined, with an error shown, if something is missing. @returns {Question | undefined} */
const question = () => {
  const asked = texts.value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (!picture) {
    showError('Choose a picture first.');
    file.focus();
  } else if (asked.length === 0) {
    showError('Write at least one sentence.');
    texts.focus();
  } else {
    return { image: picture, texts: asked, premise: premise.value.trim(), key: key.value };
  }
  return undefined;
};

/** @param {Question} asked @param {AbortSignal} signal */
const showAnswer = async (asked, signal) => {
  const began = performance.now();
  const example = shown;
  const { judgements, latency, model } = await predict(asked, signal);
  signal.throwIfAborted();
  const elapsed = performance.now() - began;
  const items = judgements.map((judgement, index) => {
    const text = asked.texts[index] ?? '';
    const same = example?.sentences.find(
      (each) => each.hypothesis === text && (each.premise ?? '').trim() === asked.premise,
    );
    return resultItem(text, judgement, same?.answer);
  });
  element('results', HTMLOListElement).replaceChildren(...items);
  element('timing', HTMLParagraphElement).textContent =
    `${latency.toFixed(0)} ms in the service, ${elapsed.toFixed(0)} ms including the network; ` +
    `${model.name}, ${model.precision}`;
  element('curl', HTMLElement).textContent = curlFor(asked);
  element('seen', HTMLElement).hidden = true;
  element('answer', HTMLElement).hidden = false;
};

/** Moves to the answer, which does not fit below the question on a phone. */
const revealAnswer = () => {
  const answer = element('answer', HTMLElement);
  element('answer-title', HTMLHeadingElement).focus({ preventScroll: true });
  if (answer.getBoundingClientRect().bottom > innerHeight) answer.scrollIntoView({ block: 'start' });
};

/** @param {Question} asked @param {AbortSignal} signal */
const showPixels = async (asked, signal) => {
  const image = element('seen-image', HTMLImageElement);
  const blob = await pixels(asked, signal);
  signal.throwIfAborted();
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  element('seen', HTMLElement).hidden = false;
};

/** Aborts the previous question. @returns {AbortSignal} aborts when the next one is asked */
const supersede = () => {
  asking.abort();
  asking = new AbortController();
  return asking.signal;
};

const submit = async () => {
  error.textContent = '';
  const asked = question();
  if (asked === undefined) return;
  const signal = supersede();
  status.textContent = 'Asking …';
  try {
    await showAnswer(asked, signal);
    revealAnswer();
    await showPixels(asked, signal);
  } catch (problem) {
    if (!signal.aborted) showError(problem);
  }
  if (!signal.aborted) status.textContent = '';
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});

element('copy', HTMLButtonElement).addEventListener('click', () => {
  const curl = element('curl', HTMLElement);
  const copied = element('copied', HTMLSpanElement);
  // Browsers offer the clipboard only to pages from localhost or over TLS, and may still refuse access.
  const clipboard = /** @type {Clipboard | undefined} */ (navigator.clipboard);
  const written = clipboard?.writeText(curl.textContent) ?? Promise.reject(new Error('no clipboard'));
  written.then(
    () => {
      copied.textContent = 'Copied.';
    },
    () => {
      getSelection()?.selectAllChildren(curl);
      copied.textContent = 'Selected. Press Ctrl+C to copy.';
    },
  );
});

/** @param {Example} example */
const tryExample = async (example) => {
  const signal = supersede();
  try {
    const chosen = await pictureOf(example);
    if (signal.aborted) return;
    choose(chosen, example);
  } catch (problem) {
    if (!signal.aborted) showError(problem);
    return;
  }
  const given = example.sentences[0]?.premise ?? '';
  premise.value = given;
  element('premise-field', HTMLDetailsElement).open = given !== '';
  // A request has one premise: take the sentences that share it.
  const together = example.sentences.filter((each) => (each.premise ?? '') === given);
  texts.value = together.map(({ hypothesis }) => hypothesis).join('\n');
  form.scrollIntoView({ block: 'start' });
  await submit();
};

try {
  const { model, needs_key: needsKey, examples } = await about();
  element('model', HTMLSpanElement).textContent =
    `Model: ${model.name} (${model.precision}, ${model.image_size} × ${model.image_size} pixels).`;
  element('key-field', HTMLDivElement).hidden = !needsKey;
  const items = examples.map((example) =>
    exampleItem(example, () => {
      void tryExample(example);
    }),
  );
  element('examples', HTMLUListElement).replaceChildren(...items);
  element('examples-section', HTMLElement).hidden = examples.length === 0;
} catch (problem) {
  showError(problem);
}
document.body.dataset['ready'] = 'true';
