// Calls openapi-fetch with the types that openapi-typescript writes: URL IMAGE TEXT TEXT.
import { readFile } from 'node:fs/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './client';

type Prediction = components['schemas']['Prediction'];

const [baseUrl = '', path = '', one = '', other = ''] = process.argv.slice(2);
const bytes = await readFile(path);
const encoded = bytes.toString('base64');
const client = createClient<paths>({ baseUrl });

/** The types describe a file as a string; the serializer makes the form. */
function form(...text: string[]) {
  return client.POST('/predict', {
    body: { image: '', text },
    bodySerializer: (body) => {
      const fields = new FormData();
      fields.append('image', new Blob([new Uint8Array(bytes)]), 'picture.jpg');
      for (const each of body.text) fields.append('text', each);
      return fields;
    },
  });
}

function show(call: string, answer: { data?: Prediction; error?: { error: string } }): void {
  if (answer.data === undefined) throw new Error(answer.error?.error);
  const { results, label, confidence } = answer.data;
  for (const each of results ?? [{ label, confidence }]) console.log(`${call}\t${each.label}\t${each.confidence}`);
}

show('form, one', await form(one));
show('form, several', await form(one, other));
show('JSON, one', await client.POST('/predict/json', { body: { image: encoded, text: one } }));
show('JSON, several', await client.POST('/predict/json', { body: { image: encoded, texts: [one, other] } }));
const { error, response } = await form('  ');
console.log(`error\t${response.status}\t${error?.error}`);
