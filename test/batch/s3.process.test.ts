import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { BucketImages } from '../../batch/images/bucket-images.ts';
import { mergeRuns } from '../../batch/merge.ts';
import { uploadFile } from '../../batch/output/s3-folder.ts';
import { findFiles, isFolder, openFile } from '../../batch/storage/files.ts';
import { listKeys, openS3File } from '../../batch/storage/s3-file.ts';
import { writeTar } from '../../testing/tars.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows } from './rows.ts';
import { s3TestServer } from './s3-server.ts';
import { stubRuns } from './stub-runs.ts';

const server = s3TestServer();
const run = stubRuns();
const at = (key: string): string => `s3://${server.bucket}/${key}`;
const ROWS = testRows(60);
const NAMES = ['image-00.png', 'image-01.png', 'image-02.png'];
let pictures = '';

/** Uploads a copy, since uploading removes the file. */
async function put(content: Uint8Array | string, key: string): Promise<void> {
  const file = join(tempFolder(), 'upload');
  writeFileSync(file, content);
  await uploadFile(file, at(key));
}

beforeAll(async () => {
  pictures = pictureFolder();
  for (const name of NAMES) await put(readFileSync(join(pictures, name)), `data/${name}`);
  await put(readFileSync(writeRows(pictures, ROWS)), 'data/rows.jsonl');
});

beforeEach(() => {
  server.breakNext(0, 0);
});

describe('a bucket that is missing is named', () => {
  const nowhere = 's3://nowhere/data';
  const reason = 'there is no such bucket.';

  test('where an input is read', async () => {
    await expect(findFiles(`${nowhere}/rows.csv`, false)).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `Cannot read the input ${nowhere}/rows.csv: ${reason}`,
    });
    await expect(findFiles(`${nowhere}/*.csv`, false)).rejects.toThrow(
      `Cannot read the input ${nowhere}/*.csv: ${reason}`,
    );
  });

  test('where results are written', async () => {
    await expect(run({ input: at('data/rows.jsonl'), output: nowhere })).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `Cannot read ${nowhere}: ${reason}`,
    });
  });

  test('where pictures are, once and not for each row', async () => {
    await expect(BucketImages.open(nowhere, false)).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `Cannot read the folder ${nowhere}: ${reason}`,
    });
  });
});

describe('an object', () => {
  const content = randomBytes(12 << 20);
  beforeAll(() => put(content, 'large.bin'));

  test('is uploaded in parts, and read whole or in part although connections break', async () => {
    const file = await openS3File(at('large.bin'));
    expect(file.size).toBe(content.length);
    server.breakNext(3, 2 << 20);
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.stream()) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(server.broken()).toBe(3);
    expect(Buffer.from(await file.read(5_000_000, 5_000_100)).equals(content.subarray(5_000_000, 5_000_100))).toBe(
      true,
    );
  });

  test('is refused with a sentence when it is missing, and after too many broken connections', async () => {
    await expect(openFile(at('nothing'))).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `Cannot read the input ${at('nothing')}: there is no such object.`,
    });
    const file = await openS3File(at('large.bin'));
    server.breakNext(1000, 0);
    await expect(file.read(0, 100)).rejects.toThrow();
  }, 60_000);

  test('is found by its address, its folder or a pattern', async () => {
    const names = ['image-00.png', 'image-01.png', 'image-02.png', 'rows.jsonl'];
    expect(await findFiles(at('data'), false)).toEqual({ kind: 'folder', names });
    expect(await findFiles(at('data/rows.jsonl'), false)).toMatchObject({ kind: 'file' });
    expect((await findFiles(at('data/*-0[12].png'), false)).names).toEqual([
      at('data/image-01.png'),
      at('data/image-02.png'),
    ]);
    for (const key of ['new [1]/a*.jsonl', 'new [1]/.hidden']) await put('{}', key);
    expect(await findFiles(at('new [1]/a*.jsonl'), false)).toMatchObject({ kind: 'file' });
    expect(await findFiles(at('new [1]'), false)).toEqual({ kind: 'folder', names: ['a*.jsonl'] });
    expect(await isFolder(at('new [1]'))).toBe(true);
    expect(await isFolder(at('new [2]'))).toBe(false);
    await expect(findFiles(at('data/*.gif'), false)).rejects.toThrow('No object matches the pattern');
    await expect(findFiles(at('dat'), false)).rejects.toThrow('there is no such object, and none below it.');
  });
});

async function onDisk(): Promise<string> {
  const output = join(tempFolder(), 'out');
  await run({ input: join(pictures, 'rows.jsonl'), output });
  const merged = join(output, 'all.jsonl');
  await mergeRuns([output], merged);
  return readFileSync(merged, 'utf8');
}

async function contentOf(key: string): Promise<string> {
  const file = await openS3File(at(key));
  return Buffer.from(await file.read(0, file.size)).toString();
}

test('rows, pictures and results in a bucket, in shards, with broken connections and an interruption', async () => {
  const expected = await onDisk();
  const output = at('results');
  const shard = { index: 0, count: 2 };
  const interrupt = new AbortController();
  const interrupted = run({
    input: at('data/rows.jsonl'),
    output,
    shard,
    partRows: 10,
    signal: interrupt.signal,
    onProgress: ({ done }) => {
      if (done === 15) interrupt.abort();
    },
  });
  await expect(interrupted).rejects.toMatchObject({ code: 'interrupted' });
  expect(await listKeys(server.bucket, 'results/')).toEqual([
    'results/shard-0-of-2/_run.json',
    'results/shard-0-of-2/part-00000.jsonl',
  ]);
  server.breakNext(4, 1000);
  expect(await run({ input: at('data/rows.jsonl'), output, shard, partRows: 10 })).toMatchObject({ computed: 20 });
  await expect(mergeRuns([output], at('all.jsonl'))).rejects.toThrow('Shard 1/2 is missing.');
  await run({ input: at('data/rows.jsonl'), output, shard: { index: 1, count: 2 } });
  await mergeRuns([output], at('all.jsonl'));
  expect(await contentOf('all.jsonl')).toBe(expected);
  await expect(mergeRuns([output], at('all.jsonl'))).rejects.toThrow('exists already');
});

test('images that are no folder of a bucket are refused before anything is computed', async () => {
  const input = writeRows(pictures, testRows(1), 'one.jsonl');
  const images = async (key: string): Promise<unknown> =>
    run({ input, output: join(tempFolder(), 'out'), source: { images: at(key) } });
  await put('packed', 'images.tar.gz');
  await expect(images('images.tar.gz')).rejects.toMatchObject({
    code: 'input-unreadable',
    message: `--images is the file ${at('images.tar.gz')}; it must be a folder, a tar that is not compressed, or a quoted pattern of such tars.`,
  });
  await expect(images('dat')).rejects.toThrow(`Cannot read the folder ${at('dat')}: there is no object in it.`);
  await put('', 'data');
  expect(await images('data')).toMatchObject({ tally: { failedRows: 0 } });
});

test('a folder of images is the same with a slash at its end', async () => {
  const input = writeRows(pictures, testRows(5), 'five.jsonl');
  const output = join(tempFolder(), 'out');
  await run({ input, output, source: { images: at('data') } });
  expect(await run({ input, output, source: { images: at('data/') } })).toMatchObject({ computed: 0 });
});

test('tars in a bucket, as input and as images', async () => {
  const picture = (name: string): Buffer => readFileSync(join(pictures, name));
  const members = ROWS.flatMap(({ id, image, text }) => [
    [`${id}.png`, picture(image)] as const,
    [`${id}.txt`, Buffer.from(text)] as const,
  ]);
  const tar = writeTar(join(tempFolder(), '0.tar'), Object.fromEntries(members));
  await put(readFileSync(tar), 'shards/0.tar');
  const images = writeTar(join(tempFolder(), 'a.tar'), Object.fromEntries(NAMES.map((name) => [name, picture(name)])));
  await put(readFileSync(images), 'images.tar');
  const outputs = [at('from-tars'), at('with-tar')];
  await run({ input: at('shards/*.tar'), output: outputs[0] ?? '' });
  await run({ input: join(pictures, 'rows.jsonl'), output: outputs[1] ?? '', source: { images: at('images.tar') } });
  const scores = (text: string): unknown[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { scores: unknown }).scores);
  const expected = scores(await onDisk()).slice(0, 50);
  for (const key of ['from-tars', 'with-tar']) {
    expect(scores(await contentOf(`${key}/part-00000.jsonl`))).toEqual(expected);
  }
});

test.each([false, true])(
  'addresses that no object can have fail their rows, outside allowed: %s',
  async (allowOutside) => {
    const names = [
      's3:///image.png',
      's3://',
      `s3://${server.bucket}`,
      `s3://${server.bucket}/`,
      's3://not a bucket/a.png',
      's3://x/a\nb',
      '/',
      '.',
    ];
    const rows = names.map((image, id) => ({ id, image, text: 'a dog' }));
    const output = join(tempFolder(), 'out');
    const input = writeRows(pictures, [...rows, ROWS[0] ?? {}], 'wrong.jsonl');
    const { tally } = await run({ input, output, source: { images: at('data'), allowOutside } });
    expect([tally.rows, tally.failedRows]).toEqual([9, 8]);
    expect(resultsIn(join(output, 'part-00000.jsonl'))[0]?.['error']).toMatchObject({
      detail: 'Cannot read the image s3:///image.png: it must be s3://BUCKET/KEY.',
    });
    // Where the other pictures are on a disk.
    await run({ input, output: join(tempFolder(), 'out'), source: { allowOutside } });
  },
);

test('a folder for temporary files that is not there is named', async () => {
  const missing = join(tempFolder(), 'none');
  vi.stubEnv('TMPDIR', missing);
  const refusal = { code: 'output-not-writable', message: `Cannot write ${missing}: no such file or folder.` };
  await expect(run({ input: at('data/rows.jsonl'), output: at('temporary') })).rejects.toMatchObject(refusal);
  vi.unstubAllEnvs();
});

test('a missing picture fails its row, and a service that does not answer ends the run', async () => {
  const rows = [{ ...ROWS[0], image: 'none.png' }, { ...ROWS[1], image: '../large.bin' }, ROWS[2] ?? {}];
  const input = writeRows(pictures, rows, 'some.jsonl');
  const { tally } = await run({ input, output: at('some'), source: { images: at('data') } });
  expect(tally.failures).toEqual(
    new Map([
      ['unreadable-image', 1],
      ['image-outside-folder', 1],
    ]),
  );
  const output = join(tempFolder(), 'out');
  server.breakNext(1e6, 0);
  const unanswered = run({ input, output, source: { images: at('data') } });
  await expect(unanswered).rejects.toMatchObject({ code: 'network-unreachable' });
  server.breakNext(0, 0);
  expect((await run({ input, output, source: { images: at('data') } })).tally.rows).toBe(3);
}, 90_000);
