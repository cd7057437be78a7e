import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { EXAMPLES } from '../../../demo/examples.ts';
import { predictionSchema } from '../../../service/http/predict/schema.ts';
import { run, type Command } from './run.ts';

const IMAGE = path.join(EXAMPLES, '3000001.jpg');
/** The first has a comma, at which clients that join texts would go wrong. */
const TEXTS = ['There are two red squares, or more.', 'The brown square is small.'] as const;
const BLANK = 'The text contains no words to judge.';
/** Some clients read probabilities as 32-bit numbers. */
const DIGITS = 5;

/** What the clients must print: one line for each judgement, and the error of a blank text. */
export async function expectedLines(url: string): Promise<string[]> {
  const [one, several] = await Promise.all([ask(url, [TEXTS[0]]), ask(url, TEXTS)]);
  const named = (call: string, lines: readonly string[]): string[] => lines.map((line) => `${call}\t${line}`);
  return [
    ...named('form, one', one),
    ...named('form, several', several),
    ...named('JSON, one', one),
    ...named('JSON, several', several),
    `error\t422\t${BLANK}`,
  ];
}

/** Calls the service by a generated client. @returns what it printed, with the digits that all clients have */
export async function callBy(command: Command, url: string, folder: string): Promise<string[]> {
  const printed = await run([...command, url, IMAGE, ...TEXTS], folder);
  return printed.trim().split('\n').map(rounded);
}

function rounded(line: string): string {
  const [call = '', label = '', last = ''] = line.split('\t');
  return [call, label, call === 'error' ? last : Number(last).toFixed(DIGITS)].join('\t');
}

/** Asks without a generated client. */
async function ask(url: string, texts: readonly string[]): Promise<string[]> {
  const form = new FormData();
  form.append('image', new Blob([Uint8Array.from(await readFile(IMAGE))]), 'picture.jpg');
  for (const text of texts) form.append('text', text);
  const response = await fetch(`${url}/predict`, { method: 'POST', body: form });
  const { results, label, confidence } = predictionSchema.parse(await response.json());
  return (results ?? [{ label, confidence }]).map(
    (each) => `${each.label ?? ''}\t${(each.confidence ?? NaN).toFixed(DIGITS)}`,
  );
}
