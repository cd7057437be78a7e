import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create } from 'tar';
import { describe, expect, test } from 'vitest';
import { TarImages } from '../../batch/images/tar-images.ts';
import { DEFAULT_NAMES } from '../../batch/input/columns.ts';
import { readSamples } from '../../batch/input/samples.ts';
import { tarMembers, type TarMember } from '../../batch/input/tar.ts';
import { openDiskFile, type InputFile } from '../../batch/storage/file.ts';
import { readAhead } from '../../batch/storage/read-ahead.ts';
import { writeTar } from '../../testing/tars.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { rowsOf } from './input.ts';

const LONG = `${'deep/'.repeat(60)}picture.jpg`;
const { signal } = new AbortController();

async function membersOf(file: string): Promise<TarMember[]> {
  const members: TarMember[] = [];
  for await (const member of tarMembers(readAhead(await openDiskFile(file)))) members.push(member);
  return members;
}

async function contentsOf(file: string): Promise<Record<string, string>> {
  const bytes = readFileSync(file);
  const members = await membersOf(file);
  return Object.fromEntries(
    members.map(({ name, offset, size }) => [name, bytes.subarray(offset, offset + size).toString()]),
  );
}

test('what is read ahead equals the file, from a disk in windows and from a bucket as a stream', async () => {
  const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7 + (index >> 8)) % 251));
  const path = join(tempFolder(), 'bytes');
  writeFileSync(path, content);
  const file = await openDiskFile(path);
  for (const near of [readAhead(file), readAhead({ ...file, isLocal: false })]) {
    const ranges = [
      [0, 10],
      [10, 700_000],
      [5, 20],
      [1_500_000, 1_500_001],
      [1_500_001, 2_999_999],
      [2_999_990, 3_000_100],
    ];
    for (const [start = 0, end = 0] of ranges) {
      expect(Buffer.from(await near.read(start, end)).equals(content.subarray(start, end))).toBe(true);
    }
    expect(await near.read(3_000_000, 3_000_512)).toHaveLength(0);
    await near.close();
  }
});

describe('the files of a tar', () => {
  const contents = { 'a.txt': 'one', 'b/c.txt': 'x'.repeat(512), 'empty.txt': '', [LONG]: 'long', 'ü.txt': 'umlaut' };

  test('are found in a tar with the headers of POSIX, folders and links', async () => {
    const folder = tempFolder();
    for (const [name, content] of Object.entries(contents)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const file = join(tempFolder(), 'posix.tar');
    create({ sync: true, file, cwd: folder }, ['.']);
    expect(await contentsOf(file)).toEqual(contents);
  });

  test('are found in a tar with the headers of GNU tar, far apart', async () => {
    const large = 'y'.repeat(3 << 20);
    const members = { './a.txt': 'one', large, [LONG]: 'long', 'after.txt': 'last' };
    const file = writeTar(join(tempFolder(), 'gnu.tar'), members);
    expect(await contentsOf(file)).toEqual({ 'a.txt': 'one', large, [LONG]: 'long', 'after.txt': 'last' });
  });

  test.each([
    [100, 'is cut off (complete files: 0): copy or download it again.'],
    [512 + 100, 'is cut off (complete files: 1): copy or download it again.'],
    [3 * 512, 'is cut off (complete files: 1): copy or download it again.'],
    [4 * 512, 'is cut off (complete files: 2): copy or download it again.'],
  ])('are refused when the tar ends after %i bytes', async (length, message) => {
    const file = writeTar(join(tempFolder(), 'cut.tar'), { a: 'one', b: 'two' });
    writeFileSync(file, readFileSync(file).subarray(0, length));
    expect(statSync(file).size).toBe(length);
    await expect(membersOf(file)).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `The tar ${file} ${message}`,
    });
  });

  test('are refused when the tar is compressed or damaged', async () => {
    const file = join(tempFolder(), 'a.tar');
    writeFileSync(file, Buffer.alloc(1024, 'x'));
    await expect(membersOf(file)).rejects.toThrow('is not a tar (compressed ones must be unpacked with gunzip)');
    // Most compressed data has bytes above 0x7f where a header has its numbers.
    writeFileSync(file, Buffer.alloc(1024, 0xb5));
    await expect(membersOf(file)).rejects.toThrow('is not a tar (compressed ones must be unpacked with gunzip)');
    const bytes = readFileSync(writeTar(file, { a: 'one', b: 'two' }));
    bytes[1024 + 3] = 7;
    writeFileSync(file, bytes);
    await expect(membersOf(file)).rejects.toThrow('is damaged: there is no header of a file at byte 1024.');
  });
});

test('samples of WebDataset become rows', async () => {
  const json = (value: object): string => JSON.stringify(value);
  const file = writeTar(join(tempFolder(), '0.tar'), {
    'd/1.JPG': 'one',
    'd/1.txt': ' a dog\n',
    'd/2.json': json({ caption: 'x', texts: ['a', 'b'], image: 'other.jpg' }),
    'd/2.jpg': 'two',
    'd/2.txt': 'ignored',
    README: 'no sample',
    'd.2/README': 'no sample either',
    '._3.png': 'macOS',
    '3.png': 'three',
    '__meta__/shard.json': '{}',
    '3.cls': '7',
    '4.json': json({ id: 9, text: 'no picture' }),
    '5.jpg': 'five',
    '5.json': '[1]',
    '6.in.jpg': 'a',
    '6.out.jpg': 'b',
    '7.Jpg': 'seven',
    '7.TXT': 'a cat',
    '8.jpg': 'eight',
    '8.JSON': json({ text: 'a cow' }),
    '9.jpg': 'nine',
    '9.txt': 'x'.repeat((4 << 20) + 1),
  });
  const tar = await openDiskFile(file);
  expect(await rowsOf(readSamples(tar, DEFAULT_NAMES))).toEqual([
    { id: 'd/1', image: `${file}/d/1.JPG`, text: 'a dog' },
    { id: 'd/2', image: `${file}/d/2.jpg`, caption: 'x', texts: ['a', 'b'] },
    { id: '3', image: `${file}/3.png` },
    { id: 9, text: 'no picture' },
    '5.json is not a JSON object in UTF-8 of at most 4 MiB.',
    'The sample 6 has 2 pictures.',
    { id: '7', image: `${file}/7.Jpg`, text: 'a cat' },
    { id: '8', image: `${file}/8.jpg`, text: 'a cow' },
    '9.txt is not UTF-8, or longer than 4 MiB.',
  ]);
  const pictures = ['one', 'two', 'three', 'seven', 'eight'];
  const read: string[] = [];
  for (const isLocal of [true, false]) {
    for await (const row of readSamples({ ...tar, isLocal }, DEFAULT_NAMES)) {
      if ('damage' in row || row.picture === undefined) continue;
      read.push(Buffer.from(await row.picture.read(signal)).toString());
    }
  }
  expect(read).toEqual([...pictures, ...pictures]);
});

test('pictures of up to 1 MiB are read along from a bucket, and others when their row comes', async () => {
  const [small, large] = ['s'.repeat(1 << 20), 'l'.repeat((1 << 20) + 1)];
  const tar = await openDiskFile(writeTar(join(tempFolder(), '0.tar'), { 'small.jpg': small, 'large.jpg': large }));
  const ranges: number[][] = [];
  const read: InputFile['read'] = (start, end) => {
    ranges.push([start, end]);
    return tar.read(start, end);
  };
  const found: string[] = [];
  for await (const row of readSamples({ ...tar, isLocal: false, read }, DEFAULT_NAMES)) {
    if ('damage' in row || row.picture === undefined) expect.fail('There is no picture.');
    found.push(Buffer.from(await row.picture.read(signal)).toString());
  }
  expect(found).toEqual([small, large]);
  const start = 2 * 512 + small.length;
  expect(ranges).toEqual([[start, start + large.length]]);
});

test('the stream of a tar in a bucket is closed where not all of its samples are read', async () => {
  const tar = await openDiskFile(writeTar(join(tempFolder(), '0.tar'), { '1.txt': 'a', '2.txt': 'b', '3.txt': 'c' }));
  let isClosed = false;
  async function* stream(): AsyncGenerator<Uint8Array> {
    try {
      yield* tar.stream();
    } finally {
      isClosed = true;
    }
  }
  for await (const row of readSamples({ ...tar, isLocal: false, stream }, DEFAULT_NAMES)) {
    expect(row).toEqual({ fields: { id: '1', text: 'a' } });
    break;
  }
  expect(isClosed).toBe(true);
});

test('a tar is another input where names, lengths or what is beside pictures differ', async () => {
  const sumOf = async (members: Readonly<Record<string, string>>): Promise<string> => {
    const seen: Uint8Array[] = [];
    const tar = await openDiskFile(writeTar(join(tempFolder(), '0.tar'), members));
    await rowsOf(readSamples({ ...tar, isLocal: false }, DEFAULT_NAMES, (bytes) => seen.push(bytes)));
    return Buffer.concat(seen).toString();
  };
  const [picture, text] = [{ '1.jpg': 'one' }, { '1.txt': 'a dog' }];
  const sum = await sumOf({ ...picture, ...text });
  for (const other of [
    { '1.jpg': 'four', ...text },
    { '1.png': 'one', ...text },
    { ...picture, '1.txt': 'a cat' },
  ]) {
    expect(await sumOf(other)).not.toBe(sum);
  }
  // Pictures are not read for it.
  expect(await sumOf({ '1.jpg': 'two', ...text })).toBe(sum);
});

test('pictures are found by their names in several tars', async () => {
  const folder = tempFolder();
  const many = Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`many/${index}.jpg`, `content ${index}`]),
  );
  const files = [
    writeTar(join(folder, '0.tar'), many),
    writeTar(join(folder, '1.tar'), { './a.jpg': 'a', 'b.jpg': 'b' }),
  ];
  const tars = await Promise.all(files.map((file) => openDiskFile(file)));
  const images = await TarImages.open(tars, signal);
  const contentOf = async (name: string): Promise<string> =>
    Buffer.from(await (await images.find(name)).read(signal)).toString();
  expect(await contentOf('a.jpg')).toBe('a');
  expect(await contentOf('./b.jpg')).toBe('b');
  for (const index of [0, 1023, 1024, 2999]) expect(await contentOf(`many/${index}.jpg`)).toBe(`content ${index}`);
  await expect(images.find('c.jpg')).rejects.toMatchObject({
    code: 'unreadable-image',
    message: 'Cannot read the image c.jpg: the tars have no such file.',
  });
  await expect(TarImages.open([...tars, ...tars], signal)).rejects.toThrow(
    /^The tars of --images have more than one file .*, so that rows cannot name it\.$/,
  );
});
