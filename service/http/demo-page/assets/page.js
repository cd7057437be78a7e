// The demo page: sends a picture and sentences to the service, and shows the answer.
import { showAnswer, markStale } from './answer.js';
import { offerCamera } from './camera.js';
import { acceptDrops, isTextPasted, pastedFiles } from './drops.js';
import { readPicture } from './files.js';
import { earlier, forget, remember } from './history.js';
import { choosePicture, chosenPicture, pictureLoaded } from './picture.js';
import { sentenceOf } from './problems.js';
import { about, KeyError, MissingError, pictureOf, predict } from './service.js';
import { card, element } from './view.js';

/** @import { Entry } from './history.js' */
/** @import { Example, Question } from './service.js' */

const form = element('form', HTMLFormElement);
const file = element('file', HTMLInputElement);
const texts = element('texts', HTMLTextAreaElement);
const premise = element('premise', HTMLTextAreaElement);
const key = element('key', HTMLInputElement);
const error = element('error', HTMLParagraphElement);
const fileError = element('file-error', HTMLParagraphElement);
const status = element('status', HTMLParagraphElement);
const ask = element('ask', HTMLButtonElement);

/** Aborts the pending question when another one takes its place. */
let asking = new AbortController();
/** Largest request in MiB. */
let maxMb = Infinity;
/** The package's examples. @type {Example[]} */
let examples = [];
/** Identifies the model that the page is about. */
let modelDigest = '';

/** Takes a file of the user, unless it is no picture. @param {File} chosen */
const take = async (chosen) => {
  try {
    if (await choosePicture(readPicture(chosen, maxMb))) error.textContent = '';
  } catch (problem) {
    fileError.textContent = sentenceOf(problem);
  }
  update();
};

/** @param {unknown} problem */
const showError = (problem) => {
  error.textContent = sentenceOf(problem);
  if (problem instanceof KeyError) key.focus();
  error.scrollIntoView({ block: 'nearest' });
};

/** The question that the form holds now; without a picture, undefined. @returns {Question | undefined} */
const current = () => {
  const picture = chosenPicture();
  return (
    picture && {
      ...picture,
      texts: texts.value
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
      // One text of one line: forms write line breaks as two characters, JSON as one, and a model may tell them apart.
      premise: premise.value.trim().replaceAll(/\s*\n\s*/g, ' '),
      key: key.value.trim(),
    }
  );
};

/**
 * Marks an answer that is no longer the one to the form's question, and an address that is no longer its example's.
 *
 * @returns {boolean} whether the answer is no longer the one
 */
const update = () => {
  const now = current();
  const isStale = markStale(now);
  if (location.hash !== '' && now?.example === undefined)
    history.replaceState(null, '', location.pathname + location.search);
  return isStale;
};

/** As {@link current}; undefined, with an error shown, if something is missing. @returns {Question | undefined} */
const question = () => {
  const asked = current();
  if (asked === undefined) {
    showError('Choose a picture first.');
    file.focus();
  } else if (asked.texts.length === 0) {
    showError('Write at least one sentence.');
    texts.focus();
  } else {
    // A premise that is sent is seen.
    if (asked.premise !== '') element('premise-field', HTMLDetailsElement).open = true;
    return asked;
  }
  return undefined;
};

/** Shows on the button whether a question is being asked. @param {boolean} busy */
const setBusy = (busy) => {
  status.textContent = busy ? 'Asking …' : '';
  ask.textContent = busy ? 'Asking …' : 'Ask';
  ask.classList.toggle('busy', busy);
};

/**
 * Takes the place of the previous question, which is aborted.
 *
 * @param {(signal: AbortSignal) => Promise<void>} work
 * @returns {Promise<void>} fulfils when the question is answered, has failed, or has been replaced itself
 */
const supersede = async (work) => {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  error.textContent = '';
  setBusy(false);
  try {
    await work(signal);
  } catch (problem) {
    if (!signal.aborted) showError(problem);
  }
  if (!signal.aborted) setBusy(false);
};

/** Moves to the answer, which does not fit below the question on a phone. */
const revealAnswer = () => {
  const answer = element('answer', HTMLElement);
  element('answer-title', HTMLHeadingElement).focus({ preventScroll: true });
  if (answer.getBoundingClientRect().bottom > innerHeight) answer.scrollIntoView({ block: 'start' });
};

/** Asks what is in the form. @param {AbortSignal} signal */
const askCurrent = async (signal) => {
  setBusy(true);
  if (!(await pictureLoaded()) || signal.aborted) return;
  const asked = question();
  if (asked === undefined) return;
  ask.scrollIntoView({ block: 'nearest' });
  const focused = document.activeElement;
  const began = performance.now();
  const answer = await predict(asked, signal);
  const elapsed = performance.now() - began;
  // The service may have been restarted with another model while the page was open.
  if (answer.model.digest !== modelDigest) await showAbout().catch(() => undefined);
  signal.throwIfAborted();
  const complete = showAnswer(asked, answer, signal, elapsed);
  // Whoever writes the next question meanwhile is left where they are.
  if (!update() && document.activeElement === focused) revealAnswer();
  await Promise.all([complete, remember({ question: asked, answer })]);
  await showHistory();
};

/** Puts a question into the form. @param {string[]} sentences @param {string} given the premise */
const fill = (sentences, given) => {
  premise.value = given;
  element('premise-field', HTMLDetailsElement).open = given !== '';
  texts.value = sentences.join('\n');
};

/** The picture of an example, unless the service has another model by now, which is then shown. @param {Example} example */
const examplePicture = async (example) => {
  try {
    return await pictureOf(example);
  } catch (problem) {
    if (!(problem instanceof MissingError)) throw problem;
    await showAbout();
    throw new Error('The service has another model now, without this example.');
  }
};

/** @param {Example} example */
const tryExample = (example) =>
  supersede(async (signal) => {
    setBusy(true);
    if (!(await choosePicture(examplePicture(example), example)) || signal.aborted) return;
    const given = example.sentences[0]?.premise ?? '';
    // A request has one premise: take the sentences that share it.
    const together = example.sentences.filter((each) => (each.premise ?? '') === given);
    fill(
      together.map(({ hypothesis }) => hypothesis),
      given,
    );
    form.scrollIntoView({ block: 'start' });
    await askCurrent(signal);
  });

/** Asks the example that the page's address names. */
const tryLinked = async () => {
  const [, number] = /^#example=(\d+)$/.exec(location.hash) ?? [];
  const example = examples[Number(number) - 1];
  if (example !== undefined) await tryExample(example);
};

/** @param {Example} example @param {number} index */
const exampleCard = (example, index) => {
  const link = document.createElement('a');
  link.href = `#example=${index + 1}`;
  link.addEventListener('click', (event) => {
    // A click that opens another window is the browser's.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, '', link.href);
    void tryExample(example);
  });
  return card(link, { src: example.image, alt: example.alt ?? '', text: example.sentences[0]?.hypothesis ?? '' });
};

/** Shows an earlier question with its answer, without asking again. @param {Entry} entry */
const restore = ({ question: { image, texts: sentences, premise: given, example }, answer }) =>
  supersede(async (signal) => {
    if (!(await choosePicture(Promise.resolve(image), example)) || signal.aborted) return;
    fill(sentences, given);
    const asked = current();
    if (asked === undefined) return;
    const complete = showAnswer(asked, answer, signal);
    update();
    revealAnswer();
    await complete;
  });

const showHistory = async () => {
  const entries = await earlier();
  const list = element('history', HTMLUListElement);
  for (const image of list.querySelectorAll('img')) URL.revokeObjectURL(image.src);
  const cards = entries.map((entry) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.addEventListener('click', () => {
      void restore(entry);
    });
    const { image, texts: sentences } = entry.question;
    const more = sentences.length > 1 ? ` (and ${sentences.length - 1} more)` : '';
    const text = `${sentences[0] ?? ''}${more}`;
    return card(button, { src: URL.createObjectURL(image), alt: '', text, judgement: entry.answer.judgements[0] });
  });
  list.replaceChildren(...cards);
  element('history-section', HTMLElement).hidden = entries.length === 0;
};

const addListeners = () => {
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    // So that the same file can be chosen again.
    if (chosen) void take(chosen).finally(() => (file.value = ''));
  });
  document.addEventListener('paste', (event) => {
    if (isTextPasted(event)) return;
    event.preventDefault();
    const [pasted, ...more] = pastedFiles(event);
    if (more.length > 0) showError(`Those are ${more.length + 1} files. Paste one picture.`);
    else if (pasted) void take(pasted);
    else showError('No picture is on the clipboard. Copy the picture itself, not its address, or choose its file.');
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.target instanceof HTMLTextAreaElement)
      form.requestSubmit();
  });
  form.addEventListener('input', update);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void supersede(askCurrent);
  });
  addEventListener('popstate', () => void tryLinked());
  element('clear', HTMLButtonElement).addEventListener('click', () => {
    void forget().then(showHistory);
  });
};

const showAbout = async () => {
  const { model, knows, max_body_mb: most, needs_key: needsKey, examples: found } = await about();
  maxMb = most;
  examples = found;
  modelDigest = model.digest;
  element('model', HTMLSpanElement).textContent =
    `Model: ${model.name} (${model.precision}, ${model.image_size} × ${model.image_size} pixels).`;
  const note = element('knows', HTMLParagraphElement);
  note.textContent =
    knows === undefined
      ? ''
      : `What this model knows: ${knows} It answers anything else, too, but those answers mean little.`;
  note.hidden = knows === undefined;
  const first = found.flatMap(({ sentences }) => sentences).filter(({ premise: given }) => given === undefined);
  const suggestions = first.slice(0, 2).map(({ hypothesis }) => hypothesis);
  texts.placeholder =
    suggestions.length > 0 ? `for example: ${suggestions.join('\n')}` : 'A sentence about the picture';
  element('key-field', HTMLDivElement).hidden = !needsKey;
  element('examples', HTMLUListElement).replaceChildren(...found.map(exampleCard));
  element('examples-section', HTMLElement).hidden = found.length === 0;
};

addListeners();
acceptDrops(element('drop', HTMLDivElement), (dropped) => void take(dropped), showError);
try {
  await Promise.all([showAbout(), showHistory(), offerCamera((photo) => void take(photo), showError)]);
} catch (problem) {
  showError(problem);
}
document.body.dataset['ready'] = 'true';
await tryLinked();
