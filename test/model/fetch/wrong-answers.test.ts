import { existsSync, readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { modelSource } from '../../../model/fetch/index.ts';
import { fetchModel } from '../../../model/fetch/fetch-model.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import {
  content,
  type Content,
  miniModel,
  type ModelServer,
  modelServer,
  sendJson,
  sumOf,
} from './model-server.ts';
import { runFetch } from './run-fetch.ts';

const WEIGHTS = 'pytorch_model.bin';

function text(value: unknown): Content {
  return content(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

async function failing(
  server: Pick<ModelServer, 'endpoint' | 'id'>,
  folder = tempFolder(),
): Promise<{ code: string; message: string }> {
  const error: unknown = await runFetch(server, folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'UserError' });
  return error as { code: string; message: string };
}

function listing(server: ModelServer, answer: (response: ServerResponse) => void): void {
  server.intercept = ({ file }, response) => {
    if (file === undefined) answer(response);
    return file === undefined;
  };
}

function weights(server: ModelServer, answer: (response: ServerResponse) => void): void {
  server.intercept = ({ file }, response) => {
    if (file === WEIGHTS) answer(response);
    return file === WEIGHTS;
  };
}

describe('damaged bytes', () => {
  test('are refused by their sum and removed', async () => {
    const files = miniModel();
    const good = files.get(WEIGHTS);
    files.set(WEIGHTS, content(new Uint8Array(good?.bytes ?? 0).fill(7), good?.sha256));
    const folder = tempFolder();
    expect(await failing(await modelServer(files), folder)).toMatchObject({
      code: 'download-corrupt',
      message:
        'pytorch_model.bin came with another SHA-256 than the listing says, and was removed: ' +
        'run the same command again, or choose another endpoint.',
    });
    expect(readdirSync(folder).filter((name) => name.startsWith(WEIGHTS))).toEqual([]);
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    [
      'a file of another size',
      (response) => response.writeHead(206, { 'content-range': 'bytes 0-262143/999999' }).end(),
      /another (size than the 1390725 bytes|part of the file)/,
    ],
    [
      'a page in place of the file',
      (response) => response.writeHead(200, { 'content-length': 5 }).end('login'),
      /of another size than the 1390725 bytes/,
    ],
    [
      'a range past the end',
      (response) => response.writeHead(416).end(),
      /of another size than the 1390725 bytes/,
    ],
    [
      'another range',
      (response) => response.writeHead(206, { 'content-range': 'bytes 1-5/1390725' }).end('12345'),
      /sends another part of the file/,
    ],
    ['no range', (response) => response.writeHead(206).end('12345'), /sends another part of the file/],
    [
      'a file that is gone',
      (response) => response.writeHead(404).end(),
      /lists pytorch_model\.bin but does not have it/,
    ],
    [
      'a refusal',
      (response) => response.writeHead(403).end(),
      /refuses pytorch_model\.bin with status 403: the model must be public/,
    ],
    [
      'compressed bytes',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
      /answers with the encoding gzip, which was not asked for/,
    ],
  ])('%s', async (_, answer, message) => {
    const server = await modelServer(miniModel());
    weights(server, answer);
    const folder = tempFolder();
    expect((await failing(server, folder)).message).toMatch(message);
    expect(existsSync(join(folder, WEIGHTS))).toBe(false);
  });

  test('more bytes than were asked for', async () => {
    const server = await modelServer(miniModel());
    server.intercept = ({ file }, response) => {
      // Chunked, so that nothing but the count of bytes tells.
      if (file === 'vocab.json') response.writeHead(200).end(Buffer.alloc(10_000));
      return file === 'vocab.json';
    };
    expect((await failing(server)).message).toMatch(
      /sends more of vocab\.json than was asked for, 6 times in a row/,
    );
  });
});

describe('a listing', () => {
  test('of an unknown model', async () => {
    const { endpoint } = await modelServer(miniModel());
    expect(await failing({ endpoint, id: 'owner/other' })).toMatchObject({
      code: 'model-unknown',
      message: `${new URL(endpoint).host} has no model owner/other with a revision master: check the id on the model's page.`,
    });
  });

  test('that is refused in the words of the server, without its control characters', async () => {
    const server = await modelServer(miniModel());
    listing(server, (response) => {
      sendJson(response, 200, { Code: 10010, Success: false, Message: 'under\u001b[2J review\n.' });
    });
    expect((await failing(server)).message).toMatch(
      / refuses to list owner\/mini-model: under \[2J review\.$/,
    );
  });

  test.each<[string, (response: ServerResponse) => void, string, RegExp]>([
    [
      'that is a web page',
      (r) => r.end('<html>'),
      'listing-unusable',
      /does not answer as ModelScope's API does/,
    ],
    [
      'of another shape',
      (r) => {
        sendJson(r, 200, { files: [] });
      },
      'listing-unusable',
      /does not answer as ModelScope's/,
    ],
    [
      'without an end',
      (r) => r.end(Buffer.alloc(17 << 20, ' ')),
      'download-failed',
      /a list of files without end/,
    ],
    [
      'that redirects in circles',
      (r) => r.writeHead(302, { location: '/' }).end(),
      'download-failed',
      /redirects more than 5 times/,
    ],
    [
      'that redirects to nowhere',
      (r) => r.writeHead(302, { location: 'ftp://x/' }).end(),
      'download-failed',
      /redirects to what is no web address/,
    ],
    [
      'that needs a login',
      (r) => r.writeHead(401).end(),
      'download-failed',
      /refuses the list of files with status 401/,
    ],
  ])('%s', async (_, answer, code, message) => {
    const server = await modelServer(miniModel());
    listing(server, answer);
    const failure = await failing(server);
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
  });

  test('without what compiling needs names all of it', async () => {
    const files = miniModel();
    for (const name of ['merges.txt', 'vocab.json', WEIGHTS]) files.delete(name);
    const { code, message } = await failing(await modelServer(files));
    expect(code).toBe('listing-unusable');
    expect(message).toMatch(
      /lacks what compiling needs, .*: vocab\.json, merges\.txt, pytorch_model\.bin or .*safetensors/,
    );
  });

  test('without the file of answers, or without its sum', async () => {
    const files = miniModel();
    files.set('ans2label.json', content(Buffer.from('{}'), ''));
    const server = await modelServer(files);
    const { message } = await failing(server);
    expect(message).toMatch(/lists it without size and SHA-256: ans2label\.json\.$/);
    expect(server.requestsOf(WEIGHTS)).toEqual([]);
  });

  test.each(['../outside.json', '/outside.json', 'C:\\outside.json', 'a/../../outside.json'])(
    'cannot lead out of the folder by %s',
    async (name) => {
      const folder = join(tempFolder(), 'in');
      const files = miniModel();
      files.set(name, text({ yes: 0, no: 1 }));
      files.set('configuration.json', text({ model: { answer2label: name } }));
      expect((await failing(await modelServer(files), folder)).code).toBe('checkpoint-unsafe');
      expect(readdirSync(dirname(folder))).toEqual(['in']);
      const parts = miniModel();
      parts.delete(WEIGHTS);
      parts.set(name, content(new Uint8Array(5)));
      parts.set(`${WEIGHTS}.index.json`, text({ weight_map: { tensor: name } }));
      expect((await failing(await modelServer(parts), folder)).code).toMatch(
        /checkpoint-unsafe|listing-unusable/,
      );
      expect(readdirSync(dirname(folder))).toEqual(['in']);
    },
  );
});

describe('a model that cannot be compiled', () => {
  test('is refused before its weights are fetched', async () => {
    const files = miniModel();
    files.set('config.json', text({ d_model: 7, encoder_attention_heads: 2 }));
    const server = await modelServer(files);
    expect((await failing(server)).code).toBe('checkpoint-unsupported');
    expect(server.requestsOf(WEIGHTS)).toEqual([]);
  });

  test('is refused where a preset expects other answers', async () => {
    const files = miniModel();
    files.set('ans2label.json', text({ entailment: 0, contradiction: 1 }));
    const id = 'iic/ofa_visual-entailment_snli-ve_large_en';
    const server = await modelServer(files, { id });
    await expect(fetchModel(modelSource('large', server.endpoint), tempFolder())).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message: `${id} answers entailment, contradiction, where yes, no, maybe are expected: check the endpoint and the revision.`,
    });
    expect(server.requestsOf(WEIGHTS)).toEqual([]);
  });
});

test('sums may be listed in capitals', async () => {
  const files = miniModel();
  const merges = files.get('merges.txt');
  const bytes = merges?.read(0, merges.bytes) ?? new Uint8Array();
  files.set('merges.txt', content(bytes, sumOf(bytes).toUpperCase()));
  const { files: fetched } = await runFetch(await modelServer(files), tempFolder());
  expect(fetched.map((file) => file.name)).toContain('merges.txt');
});
