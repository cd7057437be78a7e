// Renders answers and examples. All user text goes through textContent.

/** @import { Example, Judgement, Question } from './service.js' */

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export const element = (id, kind) => {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no #${id}`);
  return found;
};

/** @param {string} name @param {string} className @param {string} [text] */
const make = (name, className, text = '') => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

/**
 * @param {string} sentence
 * @param {Judgement} judgement
 * @param {string | undefined} expected the right answer, if known
 */
export const resultItem = (sentence, judgement, expected) => {
  const item = document.createElement('li');
  const verdict = make('p', 'verdict');
  verdict.append(make('span', 'sentence', `“${sentence}”`), ' ', make('strong', 'label', judgement.label));
  if (expected !== undefined) {
    const isRight = expected === judgement.label;
    verdict.append(' ', make('span', isRight ? 'right' : 'wrong', isRight ? '✓ as expected' : `expected: ${expected}`));
  }
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
  item.append(verdict, scores);
  return item;
};

/** @param {Example} example @param {() => void} onClick */
export const exampleItem = (example, onClick) => {
  const item = document.createElement('li');
  const button = document.createElement('button');
  button.type = 'button';
  const image = document.createElement('img');
  image.src = example.image;
  image.alt = example.alt ?? '';
  image.loading = 'lazy';
  button.append(image, make('span', '', example.sentences[0]?.hypothesis ?? ''));
  button.addEventListener('click', onClick);
  item.append(button);
  return item;
};

/** Quotes for a POSIX shell. @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Quotes a file's name for curl, which gives commas and semicolons a meaning. @param {string} name */
const quoteFile = (name) => (/[,;"]/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : name);

/** The question as a curl command. @param {Question} question */
export const curlFor = ({ image, texts, premise, key }) => {
  const url = new URL('predict', document.baseURI).href;
  const lines = [`curl ${quote(url)}`, `  --form ${quote(`image=@${quoteFile(image.name)}`)}`];
  if (key !== '') lines.push(`  --header "Authorization: Bearer $API_KEY"`);
  for (const text of texts) lines.push(`  --form-string ${quote(`text=${text}`)}`);
  if (premise !== '') lines.push(`  --form-string ${quote(`premise=${premise}`)}`);
  return lines.join(' \\\n');
};
