import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { content, miniModel, type ModelServer, modelServer } from './model-server.ts';
import { failureOf, leavePartial, WEIGHTS } from './run-fetch.ts';

/** Answers requests for the weights. */
function answerWeights(server: ModelServer, answer: (response: ServerResponse) => void): void {
  server.intercept = ({ file }, response) => {
    if (file === WEIGHTS) answer(response);
    return file === WEIGHTS;
  };
}

test('a file with the wrong SHA-256 is refused and removed', async () => {
  const files = miniModel();
  const good = files.get(WEIGHTS);
  files.set(WEIGHTS, content(new Uint8Array(good?.bytes ?? 0).fill(7), good?.sha256));
  const folder = tempFolder();
  expect(await failureOf(await modelServer(files), folder)).toMatchObject({
    code: 'download-corrupt',
    message:
      'pytorch_model.bin arrived with another SHA-256 than the listing gives and was removed: ' +
      'run the same command again, or choose another endpoint.',
  });
  expect(readdirSync(folder).filter((name) => name.startsWith(WEIGHTS))).toEqual([]);
});

describe('instead of a file, a server sends', () => {
  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'a page',
      (response) => response.writeHead(200, { 'content-length': 5 }).end('login'),
      /does not send the 1390725 bytes of pytorch_model\.bin that its listing names: run the same command again/,
    ],
    [
      'a page of unknown length',
      (response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('login'),
      /does not send the 1390725 bytes of pytorch_model\.bin that its listing names: run the same command again/,
    ],
    [
      'status 404',
      (response) => response.writeHead(404).end(),
      /has no pytorch_model\.bin: check the id on the model's page/,
    ],
    [
      'status 401',
      (response) => response.writeHead(401).end(),
      /denies access to pytorch_model\.bin \(status 401\): the model must be public, or MODELSCOPE_API_TOKEN must/,
    ],
    [
      'status 403',
      (response) => response.writeHead(403).end(),
      /denies access to pytorch_model\.bin \(status 403\): the model must be public/,
    ],
    [
      'compressed bytes',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1 }).end('x'),
      /does not send the 1390725 bytes of pytorch_model\.bin/,
    ],
    [
      'more bytes than listed',
      // Without Content-Length, so that only counting shows it.
      (response) => response.writeHead(200).end(Buffer.alloc(1_400_000)),
      /does not send the 1390725 bytes of pytorch_model\.bin/,
    ],
  ])('%s', async (_, answer, message) => {
    const server = await modelServer(miniModel());
    answerWeights(server, answer);
    const folder = tempFolder();
    const failure = await failureOf(server, folder);
    expect(failure).toMatchObject({ name: 'UserError' });
    expect(failure.message).toMatch(message);
    expect(readdirSync(folder).filter((name) => name.startsWith(WEIGHTS))).toEqual([]);
  });
});

describe('instead of the rest of a file, a server sends', () => {
  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'a file of another size',
      (response) => response.writeHead(206, { 'content-range': 'bytes 1000-999998/999999' }).end(),
      /does not send the 1390725 bytes of pytorch_model\.bin/,
    ],
    [
      'status 416',
      (response) => response.writeHead(416).end(),
      /answered 416 to the request for pytorch_model\.bin: check the endpoint\.$/,
    ],
    [
      'another range',
      (response) => response.writeHead(206, { 'content-range': 'bytes 1-5/1390725' }).end('12345'),
      /does not send the 1390725 bytes of pytorch_model\.bin/,
    ],
    [
      'no Content-Range',
      (response) => response.writeHead(206).end('12345'),
      /does not send the 1390725 bytes of pytorch_model\.bin/,
    ],
  ])('%s', async (_, answer, message) => {
    const server = await modelServer(miniModel());
    answerWeights(server, answer);
    const folder = tempFolder();
    leavePartial(server, folder, 1000);
    expect((await failureOf(server, folder)).message).toMatch(message);
    expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual(['bytes=1000-']);
  });
});
