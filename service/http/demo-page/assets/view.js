// Renders answers, examples and earlier questions. All user text goes through textContent.

/** @import { Judgement } from './service.js' */

/** Below this probability, an answer is shown as a guess. */
const SURE = 0.5;
/** From this many sentences on, answers are shown as a table. */
const TABLE_FROM = 4;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export const element = (id, kind) => {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no #${id}`);
  return found;
};

/** @param {string} name @param {string} className @param {string} [text] */
export const make = (name, className, text = '') => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

/** A text of the user, which may run from right to left. @param {string} name @param {string} className @param {string} text */
const words = (name, className, text) => {
  const made = make(name, className, text);
  made.dir = 'auto';
  return made;
};

/** @param {number} share */
const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** What an answer means, by the words that models use for it. @type {readonly (readonly [RegExp, string, string])[]} */
const TONES = [
  [/^(yes|true|entail)/i, 'yes', '✓'],
  [/^(no$|false|contradict)/i, 'no', '✕'],
];

/** The answer as a badge: with a sign, since not everybody can tell the colours apart. @param {Judgement} judgement */
const badge = ({ label, confidence }) => {
  const [, tone, sign] = TONES.find(([words]) => words.test(label)) ?? [undefined, 'other', '?'];
  const shown = make('span', `badge ${tone}${confidence < SURE ? ' unsure' : ''}`);
  const mark = make('span', 'sign', sign);
  mark.setAttribute('aria-hidden', 'true');
  shown.append(mark, make('strong', 'label', label));
  if (confidence < SURE) shown.append(' ', make('span', 'doubt', '(unsure)'));
  return shown;
};

/** @param {Judgement} judgement @param {string | undefined} expected */
const check = ({ label }, expected) => {
  if (expected === undefined) return [];
  const isRight = expected === label;
  return [' ', make('span', isRight ? 'right' : 'wrong', isRight ? '✓ as expected' : `expected: ${expected}`)];
};

/** @param {Judgement} judgement */
const scoresOf = ({ label: best, scores }) => {
  const list = make('dl', 'scores');
  for (const [label, score] of Object.entries(scores)) {
    const track = make('dd', 'track');
    track.setAttribute('aria-hidden', 'true');
    const bar = make('div', 'bar');
    bar.style.width = percent(score).replace(' ', '');
    track.append(bar);
    list.append(make('dt', label === best ? 'best' : '', label), track, make('dd', 'percent', percent(score)));
  }
  return list;
};

/** @typedef {{ text: string, judgement: Judgement, expected: string | undefined }} Row */
/** @typedef {(row: Row, button: HTMLButtonElement) => void} OnLook */

/**
 * A button that asks where the model looked.
 *
 * @param {Row} row
 * @param {OnLook} onLook
 * @param {readonly [string, string]} label what it shows, and what is only read aloud before the sentence
 */
const lookButton = (row, onLook, [shown, unseen]) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'look plain';
  button.textContent = shown;
  button.setAttribute('aria-pressed', 'false');
  button.append(make('span', 'unseen', ` ${unseen} “${row.text}”`));
  button.addEventListener('click', () => {
    onLook(row, button);
  });
  return button;
};

/** @param {readonly Row[]} rows @param {OnLook} onLook */
const resultList = (rows, onLook) => {
  const list = document.createElement('ol');
  for (const row of rows) {
    const item = document.createElement('li');
    const verdict = make('p', 'verdict');
    verdict.append(words('span', 'sentence', `“${row.text}”`), ' ', badge(row.judgement));
    verdict.append(...check(row.judgement, row.expected));
    item.append(verdict, scoresOf(row.judgement), lookButton(row, onLook, ['Where it looked', 'for']));
    list.append(item);
  }
  return list;
};

/** @param {readonly Row[]} rows @param {OnLook} onLook */
const resultTable = (rows, onLook) => {
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const name of ['Sentence', 'Answer', 'Probability', 'Where it looked']) {
    const cell = make('th', '', name);
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    const sentence = words('th', 'sentence', row.text);
    sentence.setAttribute('scope', 'row');
    const answer = document.createElement('td');
    answer.append(badge(row.judgement), ...check(row.judgement, row.expected));
    const look = document.createElement('td');
    look.append(lookButton(row, onLook, ['Show', 'where it looked for']));
    line.append(sentence, answer, make('td', 'percent', percent(row.judgement.confidence)), look);
  }
  return table;
};

/** Whether answers to so many sentences are shown as a table. @param {number} count */
export const isTable = (count) => count >= TABLE_FROM;

/** The answers. @param {readonly Row[]} rows @param {OnLook} onLook */
export const results = (rows, onLook) => (isTable(rows.length) ? resultTable : resultList)(rows, onLook);

/** Quotes a field for CSV, RFC 4180. @param {string} text */
const csvField = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** The answers as CSV. @param {readonly Row[]} rows @param {string} premise */
export const csvOf = (rows, premise) => {
  const labels = Object.keys(rows[0]?.judgement.scores ?? {});
  const lines = rows.map(({ text, judgement: { label, confidence, scores } }) => [
    text,
    premise,
    label,
    String(confidence),
    ...labels.map((name) => String(scores[name])),
  ]);
  const head = ['sentence', 'premise', 'answer', 'probability', ...labels.map((name) => `p(${name})`)];
  return [head, ...lines].map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
};

/**
 * A picture with a sentence, to choose.
 *
 * @param {HTMLAnchorElement | HTMLButtonElement} control
 * @param {{ src: string, alt: string, text: string, judgement?: Judgement | undefined }} content
 */
export const card = (control, { src, alt, text, judgement }) => {
  const item = document.createElement('li');
  const image = document.createElement('img');
  image.src = src;
  image.alt = alt;
  image.loading = 'lazy';
  control.append(image, words('span', 'caption', text));
  if (judgement !== undefined) control.append(badge(judgement));
  item.append(control);
  return item;
};
