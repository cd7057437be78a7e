// @ts-check
// The demo page. Everything that it shows of a user's text goes through textContent.

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
const element = (id, kind) => {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no #${id}`);
  return found;
};

const form = element('form', HTMLFormElement);
const drop = element('drop', HTMLDivElement);
const file = element('file', HTMLInputElement);
const preview = element('preview', HTMLImageElement);
const texts = element('texts', HTMLTextAreaElement);
const premise = element('premise', HTMLTextAreaElement);
const key = element('key', HTMLInputElement);
const ask = element('ask', HTMLButtonElement);
const error = element('error', HTMLParagraphElement);
const status = element('status', HTMLParagraphElement);

/** @typedef {{ label: string, confidence: number, scores: Record<string, number> }} Judgement */
/** @typedef {{ image: string, sentences: { hypothesis: string, premise?: string }[] }} Example */

/** The picture that is asked about. @type {File | undefined} */
let picture;

/** @param {File} chosen */
const choose = (chosen) => {
  picture = chosen;
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(chosen);
  preview.alt = `The chosen picture, ${chosen.name}`;
  preview.hidden = false;
  element('file-name', HTMLParagraphElement).textContent = chosen.name;
  error.textContent = '';
};

file.addEventListener('change', () => {
  const chosen = file.files?.[0];
  if (chosen) choose(chosen);
});
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const dropped = event.dataTransfer?.files[0];
  if (dropped) choose(dropped);
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

/** The sentences to ask about. */
const sentences = () =>
  texts.value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** @returns {Record<string, string>} */
const headers = () => (key.value === '' ? {} : { authorization: `Bearer ${key.value}` });

/** @param {Response} response @returns {Promise<never>} */
const fail = async (response) => {
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The service answered ${response.status}.`);
};

/** Asks the service. @param {File} image @param {string[]} asked */
const predict = async (image, asked) => {
  const body = new FormData();
  body.append('image', image);
  for (const text of asked) body.append('text', text);
  if (premise.value.trim() !== '') body.append('premise', premise.value);
  const response = await fetch('predict', { method: 'POST', body, headers: headers() });
  if (!response.ok) return fail(response);
  const answer = await response.json();
  return { judgements: /** @type {Judgement[]} */ (answer.results ?? [answer]), answer };
};

/** Shows the exact pixels. @param {File} image */
const showPixels = async (image) => {
  const body = new FormData();
  body.append('image', image);
  const response = await fetch('demo/pixels', { method: 'POST', body, headers: headers() });
  const figure = element('seen', HTMLElement);
  figure.hidden = !response.ok;
  if (!response.ok) return;
  const shown = element('seen-image', HTMLImageElement);
  URL.revokeObjectURL(shown.src);
  shown.src = URL.createObjectURL(await response.blob());
};

/** @param {string} name @param {string} className @param {string} [text] */
const make = (name, className, text = '') => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

/** @param {string} sentence @param {Judgement} judgement */
const resultItem = (sentence, judgement) => {
  const item = document.createElement('li');
  const scores = make('dl', 'scores');
  for (const [label, score] of Object.entries(judgement.scores)) {
    const track = make('dd', 'track');
    track.setAttribute('aria-hidden', 'true');
    const bar = make('div', 'bar');
    bar.style.width = `${score * 100}%`;
    track.append(bar);
    const term = make('dt', label === judgement.label ? 'best' : '', label);
    scores.append(term, track, make('dd', 'percent', `${(score * 100).toFixed(1)} %`));
  }
  item.append(make('p', 'sentence', `“${sentence}”: ${judgement.label}`), scores);
  return item;
};

/** Quotes for a POSIX shell. @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** @param {File} image @param {string[]} asked */
const curlFor = (image, asked) => {
  const url = new URL('predict', document.baseURI).href;
  const lines = [`curl ${quote(url)}`, `  --form ${quote(`image=@${image.name}`)}`];
  if (key.value !== '') lines.push(`  --header "Authorization: Bearer $API_KEY"`);
  for (const text of asked) lines.push(`  --form-string ${quote(`text=${text}`)}`);
  if (premise.value.trim() !== '') lines.push(`  --form-string ${quote(`premise=${premise.value}`)}`);
  return lines.join(' \\\n');
};

/** @param {File} image @param {string[]} asked */
const run = async (image, asked) => {
  const began = performance.now();
  const { judgements, answer } = await predict(image, asked);
  const elapsed = performance.now() - began;
  const items = judgements.map((judgement, index) => resultItem(asked[index] ?? '', judgement));
  element('results', HTMLOListElement).replaceChildren(...items);
  element('timing', HTMLParagraphElement).textContent =
    `${answer.latency_ms.toFixed(0)} ms in the service, ${elapsed.toFixed(0)} ms with the way there and back; ` +
    `${answer.model.name}, ${answer.model.precision}`;
  element('curl', HTMLElement).textContent = curlFor(image, asked);
  element('answer', HTMLElement).hidden = false;
  await showPixels(image);
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  error.textContent = '';
  const asked = sentences();
  if (!picture) {
    error.textContent = 'Choose a picture first.';
    file.focus();
    return;
  }
  if (asked.length === 0) {
    error.textContent = 'Write at least one sentence.';
    texts.focus();
    return;
  }
  ask.disabled = true;
  status.textContent = 'Asking …';
  try {
    await run(picture, asked);
    element('answer-title', HTMLHeadingElement).focus();
  } catch (problem) {
    error.textContent = problem instanceof Error ? problem.message : String(problem);
  } finally {
    ask.disabled = false;
    status.textContent = '';
  }
});

element('copy', HTMLButtonElement).addEventListener('click', async () => {
  await navigator.clipboard.writeText(element('curl', HTMLElement).textContent ?? '');
  status.textContent = 'Copied.';
});

/** @param {Example} example @param {number} index */
const exampleItem = (example, index) => {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  const image = document.createElement('img');
  image.src = example.image;
  image.alt = `Example ${index + 1}`;
  image.loading = 'lazy';
  button.append(image, example.sentences[0]?.hypothesis ?? '');
  button.addEventListener('click', async () => {
    const blob = await (await fetch(example.image)).blob();
    choose(new File([blob], `example-${index + 1}.jpg`, { type: blob.type }));
    const given = example.sentences[0]?.premise ?? '';
    premise.value = given;
    // One request has one premise: the example's other sentences are those that share it.
    const together = example.sentences.filter((each) => (each.premise ?? '') === given);
    texts.value = together.map(({ hypothesis }) => hypothesis).join('\n');
    form.requestSubmit();
  });
  item.append(button);
  return item;
};

const about = await (await fetch('demo/about.json')).json();
element('model', HTMLSpanElement).textContent =
  `Now answering: ${about.model.name} (${about.model.precision}, ${about.model.image_size} × ${about.model.image_size} pixels).`;
element('key-field', HTMLDivElement).hidden = !about.needs_key;
element('examples', HTMLUListElement).replaceChildren(...about.examples.map(exampleItem));
element('examples-section', HTMLElement).hidden = about.examples.length === 0;
document.body.dataset['ready'] = 'true';
