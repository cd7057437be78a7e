// Shows over the picture which parts decide an answer.
import { element } from './view.js';

/** Below this fall of the probability, no part decides the answer. */
const LEAST = 0.02;
/** How dark a part is that decides nothing. */
const SHADE = 0.75;

/** In words, where a cell is. @param {number} row @param {number} column @param {number} cells along each side */
const placeOf = (row, column, cells) => {
  const third = (/** @type {number} */ at) => Math.min(2, Math.floor((at * 3) / cells));
  const [down, across] = [['top', '', 'bottom'][third(row)], ['left', '', 'right'][third(column)]];
  return [down, across].filter((word) => word !== '').join(' ') || 'middle';
};

/**
 * Darkens the picture but for the parts that decide the answer.
 *
 * @param {number[][]} heatmap the fall of the answer's probability, rows from top to bottom
 * @returns {string} where they are, as a sentence
 */
export const showHeat = (heatmap) => {
  const canvas = element('heat', HTMLCanvasElement);
  const most = Math.max(...heatmap.flat());
  if (!(most >= LEAST)) {
    canvas.hidden = true;
    return 'No single part decides this answer: covering any of them hardly changes it.';
  }
  const cells = heatmap.length;
  [canvas.width, canvas.height] = [cells, cells];
  const context = canvas.getContext('2d');
  let peak = '';
  for (const [row, values] of heatmap.entries()) {
    for (const [column, value] of values.entries()) {
      if (value === most) peak = placeOf(row, column, cells);
      const opacity = SHADE * (1 - Math.max(0, value) / most);
      if (context) context.fillStyle = `rgb(0 0 0 / ${opacity})`;
      context?.fillRect(column, row, 1, 1);
    }
  }
  canvas.hidden = false;
  const sentence = `The answer depends most on the ${peak === 'middle' ? 'middle' : `part at the ${peak}`}.`;
  canvas.setAttribute('aria-label', sentence);
  return `${sentence} The bright parts are those whose covering lowers its probability; what they do not show is why.`;
};

/** Shows the picture alone. */
export const hideHeat = () => {
  element('heat', HTMLCanvasElement).hidden = true;
};
