import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { content, type Content, miniModel, type ModelServer, modelServer, sendJson, sumOf } from './model-server.ts';
import { failureOf, runFetch, WEIGHTS } from './run-fetch.ts';

function text(value: unknown): Content {
  return content(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

function listing(server: ModelServer, answer: (response: ServerResponse) => void): void {
  server.intercept = ({ file }, response) => {
    if (file === undefined) answer(response);
    return file === undefined;
  };
}

describe('a listing', () => {
  test('of an unknown model', async () => {
    const { endpoint } = await modelServer(miniModel());
    expect(await failureOf({ endpoint, id: 'owner/other' }, tempFolder())).toMatchObject({
      code: 'model-unknown',
      message: `${new URL(endpoint).host} has no model owner/other with revision master: check the id on the model's page, and set MODELSCOPE_API_TOKEN if the model is private.`,
    });
  });

  test('that the server refuses is reported in its words, without control characters', async () => {
    const server = await modelServer(miniModel());
    listing(server, (response) => {
      sendJson(response, 200, { Code: 10010, Success: false, Message: 'under\u001b[2J review\n.' });
    });
    expect((await failureOf(server, tempFolder())).message).toContain(
      String.raw` sends no list of the files of owner/mini-model ('under\x1B[2J review\n.'): check the model's page,`,
    );
  });

  test.each<[string, (response: ServerResponse) => void, string, RegExp]>([
    [
      'that is a web page',
      (r) => r.end('<html>'),
      'listing-unusable',
      /sends no list of the files of owner\/mini-model: check the model's page, and that the endpoint/,
    ],
    [
      'of another shape',
      (r) => {
        sendJson(r, 200, { files: [] });
      },
      'listing-unusable',
      /sends no list of the files/,
    ],
    ['without an end', (r) => r.end(Buffer.alloc(17 << 20, ' ')), 'listing-unusable', /sends no list of the files/],
    [
      'that redirects in a loop',
      (r) => r.writeHead(302, { location: '/' }).end(),
      'network-unreachable',
      / failed \(Redirect loop detected\): check the connection/,
    ],
    [
      'that redirects to an invalid address',
      (r) => r.writeHead(302, { location: 'ftp://x/' }).end(),
      'network-unreachable',
      / failed \(Invalid URL protocol: the URL must start with `http:` or `https:`\): check/,
    ],
    [
      'that needs a login',
      (r) => r.writeHead(401).end(),
      'download-failed',
      /denies access to model owner\/mini-model with revision master \(status 401\)/,
    ],
  ])('%s', async (_, answer, code, message) => {
    const server = await modelServer(miniModel());
    listing(server, answer);
    const failure = await failureOf(server, tempFolder());
    expect(failure.code).toBe(code);
    expect(failure.message).toMatch(message);
  });

  test('without needed files is reported with all of them', async () => {
    const files = miniModel();
    for (const name of ['merges.txt', 'vocab.json', WEIGHTS]) files.delete(name);
    const { code, message } = await failureOf(await modelServer(files), tempFolder());
    expect(code).toBe('listing-unusable');
    expect(message).toMatch(
      /lacks files that compiling needs, .*: vocab\.json, merges\.txt, pytorch_model\.bin or .*safetensors/,
    );
  });

  test('without the SHA-256 of the file of answers is refused', async () => {
    const files = miniModel();
    files.set('ans2label.json', content(Buffer.from('{}'), ''));
    const server = await modelServer(files);
    const { message } = await failureOf(server, tempFolder());
    expect(message).toMatch(/lists them without size and SHA-256: ans2label\.json\.$/);
    expect(server.requestsOf(WEIGHTS)).toEqual([]);
  });

  test.each(['../outside.json', '/outside.json', 'C:\\outside.json', 'a/../../outside.json'])(
    'cannot lead out of the folder by %s',
    async (name) => {
      const folder = join(tempFolder(), 'in');
      const files = miniModel();
      files.set(name, text({ yes: 0, no: 1 }));
      files.set('configuration.json', text({ model: { answer2label: name } }));
      expect((await failureOf(await modelServer(files), folder)).code).toBe('checkpoint-unsafe');
      expect(readdirSync(dirname(folder))).toEqual(['in']);
      const parts = miniModel();
      parts.delete(WEIGHTS);
      parts.set(name, content(new Uint8Array(5)));
      parts.set(`${WEIGHTS}.index.json`, text({ weight_map: { tensor: name } }));
      expect((await failureOf(await modelServer(parts), folder)).code).toMatch(/checkpoint-unsafe|listing-unusable/);
      expect(readdirSync(dirname(folder))).toEqual(['in']);
    },
  );
});

test('a SHA-256 may be listed in upper case', async () => {
  const files = miniModel();
  const merges = files.get('merges.txt');
  const bytes = merges?.read(0, merges.bytes) ?? new Uint8Array();
  files.set('merges.txt', content(bytes, sumOf(bytes).toUpperCase()));
  const { files: fetched } = await runFetch(await modelServer(files), tempFolder());
  expect(fetched.map((file) => file.name)).toContain('merges.txt');
});
