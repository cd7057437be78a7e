import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openImages } from '../../batch/images/open-images.ts';
import { isPublic, WebImages } from '../../batch/images/web-images.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const { signal } = new AbortController();
const LETTERS = ['a', 'b', 'c', 'd'];

test.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])('%s is public', (address) => {
  expect(isPublic(address)).toBe(true);
});

test.each([
  ...['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
  ...['224.0.0.1', '255.255.255.255', '::1', '::', '::ffff:10.0.0.1', '::ffff:8.8.8.8', 'fe80::1', 'fd00::1'],
  ...['64:ff9b::a00:1', '2002:a00:1::', '2001:db8::1', 'ff02::1'],
])('%s is not public', (address) => {
  expect(isPublic(address)).toBe(false);
});

describe('images at addresses', () => {
  let server: Server | undefined;
  let ca = '';
  let origin = '';
  const answers: Record<string, RequestListener> = {
    '/image': (_, response) => response.end('picture'),
    '/largest': (_, response) => {
      for (const letter of LETTERS) response.write(letter.repeat(1 << 18));
      response.end();
    },
    '/large': (_, response) => response.end(Buffer.alloc((1 << 20) + 1)),
    '/empty': (_, response) => response.end(),
    '/moved': (_, response) => response.writeHead(302, { location: '/image' }).end(),
    '/elsewhere': (_, response) => response.writeHead(302, { location: 'https://other.example/image' }).end(),
    '/insecure': (_, response) => response.writeHead(302, { location: 'http://localhost/image' }).end(),
    '/gone': (_, response) => response.writeHead(404, { location: '/image' }).end(),
    '/silent': () => undefined,
    '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  };

  beforeAll(async () => {
    const folder = tempFolder();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', certificate];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject], {
      stdio: 'ignore',
    });
    ca = readFileSync(certificate, 'utf8');
    server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
      const answer = answers[request.url ?? ''];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
    await new Promise<void>((resolve) => server?.listen(0, 'localhost', resolve));
    origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server?.close());

  async function read(path: string, isAllowed: (address: string) => boolean = () => true): Promise<string> {
    const images = new WebImages({ hosts: ['LOCALHOST'], maxMib: 1, isAllowed, ca });
    try {
      const found = await images.find(path.startsWith('/') ? `${origin}${path}` : path);
      return Buffer.from(await found.read(signal)).toString();
    } finally {
      await images.close();
    }
  }

  test('are fetched, also over redirects', async () => {
    expect(await read('/image')).toBe('picture');
    expect(await read('/moved')).toBe('picture');
  });

  test('may have all bytes that are allowed', async () => {
    expect(await read('/largest')).toBe(LETTERS.map((letter) => letter.repeat(1 << 18)).join(''));
  });

  test('are given up with the signal, and its reason', async () => {
    const images = new WebImages({ hosts: ['localhost'], maxMib: 1, isAllowed: () => true, ca });
    const found = await images.find(`${origin}/silent`);
    await expect(found.read(AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' });
    await images.close();
  });

  test.each([
    ['https://example.com/a', 'address-not-allowed', 'the host example.com is not one that --allow-host names.'],
    ['http://localhost/a', 'address-not-allowed', 'its address, or one it is redirected to, is not one of https.'],
    ['ftp://localhost/a', 'address-not-allowed', 'its address, or one it is redirected to, is not one of https.'],
    ['/elsewhere', 'address-not-allowed', 'the host other.example is not one that --allow-host names.'],
    ['/insecure', 'address-not-allowed', 'its address, or one it is redirected to, is not one of https.'],
    ['localhost/a', 'address-not-allowed', 'its address, or one it is redirected to, is not one of https.'],
    ['/missing', 'unreadable-image', 'answers with status 404.'],
    ['/gone', 'unreadable-image', 'answers with status 404.'],
    ['/loop', 'unreadable-image', 'it is redirected more than 5 times.'],
    ['/large', 'body-too-large', 'The image has more than 1 MiB; at most that is read (MAX_BODY_MB).'],
    ['/empty', 'invalid-field', 'The field "image" is empty.'],
  ])('are refused: %s', async (path, code, message) => {
    await expect(read(path)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  test.each([
    ['data:image/png;base64,iVBORw0K', 'address-not-allowed', 'write it into a file, or as bytes into a column of'],
    ['file:/pictures/a.png', 'address-not-allowed', 'is not one of https.'],
    ['s3a://shop/a.png', 'image-outside-folder', ''],
    ['data:a.png', 'unreadable-image', ''],
  ])('are told from paths in a folder: %s', async (address, code, message) => {
    const images = await openImages(tempFolder(), { allowOutside: false, hosts: [], maxMib: 1, signal });
    await expect(images.find(address, signal)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
    await images.close();
  });

  test('are refused where a name leads to a private address', async () => {
    await expect(read('/image', isPublic)).rejects.toMatchObject({
      code: 'unreadable-image',
      message: expect.stringMatching(/the address of localhost, .*, is not a public one\.$/) as string,
    });
    const images = new WebImages({ hosts: ['127.0.0.1', '[::1]'], maxMib: 1 });
    for (const [host, address] of [
      ['127.0.0.1', '127.0.0.1'],
      ['[::1]', '::1'],
    ]) {
      await expect(images.find(`https://${host}/a`)).rejects.toMatchObject({
        code: 'address-not-allowed',
        message: `The image https://${host}/a is not fetched: ${address} is not a public address.`,
      });
    }
    await images.close();
  });
});
