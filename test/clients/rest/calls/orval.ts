// Calls the client that orval writes for fetch: URL IMAGE TEXT TEXT.
import { readFile } from 'node:fs/promises';
import { predict, predictJson, type Prediction, type Problem } from './client';

const [url = '', path = '', one = '', other = ''] = process.argv.slice(2);
// The generated code has paths without a host.
const plainFetch = globalThis.fetch;
globalThis.fetch = (input, init) => plainFetch(new URL(String(input), url), init);

const bytes = await readFile(path);
const image = new Blob([new Uint8Array(bytes)]);
const encoded = bytes.toString('base64');

function show(call: string, answer: { status: number; data: Prediction | Problem }): void {
  if (!('labels' in answer.data)) throw new Error(answer.data.error);
  const { results, label, confidence } = answer.data;
  for (const each of results ?? [{ label, confidence }]) console.log(`${call}\t${each.label}\t${each.confidence}`);
}

show('form, one', await predict({ image, text: [one] }));
show('form, several', await predict({ image, text: [one, other] }));
show('JSON, one', await predictJson({ image: encoded, text: one }));
show('JSON, several', await predictJson({ image: encoded, texts: [one, other] }));
const wrong = await predict({ image, text: ['  '] });
if (wrong.status === 200) throw new Error('a blank text was judged');
console.log(`error\t${wrong.status}\t${wrong.data.error}`);
