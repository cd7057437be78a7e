// Calls the client that openapi-generator writes for typescript-fetch: URL IMAGE TEXT TEXT.
import { readFile } from 'node:fs/promises';
import { Configuration, PredictionsApi, ResponseError, type Prediction, type Problem } from './client/src/index';

const [url = '', path = '', one = '', other = ''] = process.argv.slice(2);
const bytes = await readFile(path);
const image = new Blob([new Uint8Array(bytes)]);
const encoded = bytes.toString('base64');
const api = new PredictionsApi(new Configuration({ basePath: url }));

function show(call: string, answer: Prediction): void {
  for (const { label, confidence } of answer.results ?? [answer]) console.log(`${call}\t${label}\t${confidence}`);
}

show('form, one', await api.predict({ image, text: [one] }));
show('form, several', await api.predict({ image, text: [one, other] }));
show('JSON, one', await api.predictJson({ predictJson: { image: encoded, text: one } }));
show('JSON, several', await api.predictJson({ predictJson: { image: encoded, texts: [one, other] } }));
try {
  await api.predict({ image, text: ['  '] });
} catch (error) {
  if (!(error instanceof ResponseError)) throw error;
  const problem = (await error.response.json()) as Problem;
  console.log(`error\t${error.response.status}\t${problem.error}`);
}
