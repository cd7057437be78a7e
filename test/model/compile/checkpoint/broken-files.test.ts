import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../../model/compile/compile.ts';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { readArchivePickle } from '../../../../testing/archive-pickle.ts';
import { PickleWriter } from '../../../../testing/pickle-writer.ts';
import { writeSafetensors, writeTorchArchive } from '../../../../testing/torch-archive.ts';
import { ZipWriter } from '../../../../testing/zip.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { open, square } from './open-weights.ts';

/** The first bytes of a tar archive. */
function tarHead(member: string): Buffer {
  const head = Buffer.alloc(512);
  head.write(member, 0);
  head.write('ustar', 257);
  return head;
}

const FIXTURE = join(import.meta.dirname, '../../../fixtures/ofa/mini-none');

describe('broken folders and files', () => {
  test('a folder without weights', async () => {
    const folder = tempFolder();
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: `${folder} is not a checkpoint folder: it has neither pytorch_model.bin nor model.safetensors.`,
    });
  });

  test('a file instead of the folder', async () => {
    const file = join(tempFolder(), 'pytorch_model.bin');
    writeTorchArchive(file, [['square', square]]);
    await expect(openWeights(file)).rejects.toThrow(`${file} is not a checkpoint folder`);
  });

  test('a missing tensor', async () => {
    const folder = tempFolder();
    writeTorchArchive(join(folder, 'pytorch_model.bin'), [['square', square]]);
    const weights = await open(folder);
    await expect(weights.read('circle')).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message: expect.stringMatching(/has no tensor circle\.$/) as string,
    });
  });

  test.each([0, 1, 21, 100, 1000, 500_000, 1_390_000])('a file truncated to %i bytes', async (size) => {
    const folder = tempFolder();
    const file = join(folder, 'pytorch_model.bin');
    writeFileSync(file, readFileSync(join(FIXTURE, 'pytorch_model.bin')));
    truncateSync(file, size);
    await expect(openWeights(folder)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(
        /pytorch_model\.bin is (truncated|empty|not a PyTorch checkpoint)[^\n]*\.$/,
      ) as string,
    });
  });

  test('a file that shrinks while it is open', async () => {
    const folder = tempFolder();
    const file = join(folder, 'pytorch_model.bin');
    writeTorchArchive(file, [['square', square]]);
    const weights = await open(folder);
    truncateSync(file, 40);
    await expect(weights.read('square')).rejects.toMatchObject({ code: 'checkpoint-incomplete' });
  });

  test.each(['pytorch_model.bin', 'model.safetensors'])('%s is closed with the weights', async (name) => {
    const folder = tempFolder();
    const write = name === 'pytorch_model.bin' ? writeTorchArchive : writeSafetensors;
    write(join(folder, name), [['square', square]]);
    const weights = await openWeights(folder);
    await weights.close();
    await expect(weights.read('square')).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: expect.stringContaining(`${join(folder, name)} cannot be read: `) as string,
    });
  });

  test('a storage of the wrong size', async () => {
    const folder = tempFolder();
    const file = join(folder, 'pytorch_model.bin');
    writeTorchArchive(file, [['square', square]]);
    const pickle = await readArchivePickle(file);
    writeTorchArchive(file, [['square', { ...square, data: new Uint8Array(20) }]], { pickle });
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message: `${file} holds 20 bytes for the tensor square, whose storage has 24.`,
    });
  });

  test('a storage that is missing', async () => {
    const folder = tempFolder();
    const file = join(folder, 'pytorch_model.bin');
    writeTorchArchive(file, [
      ['first', square],
      ['second', square],
    ]);
    const pickle = await readArchivePickle(file);
    writeTorchArchive(file, [['first', square]], { pickle });
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message: `${file} lacks the values of the tensor second.`,
    });
  });

  test.each([
    ['PyTorch before 0.1.10', tarHead('sys_info'), /before version 0\.1\.10.*torch\.save/],
    ['a tar archive', tarHead('pytorch_model.bin'), /pytorch_model\.bin is packed with tar; unpack it\.$/],
    ['a bzip2 file', Buffer.from('BZh9'), /is packed with bzip2; unpack it\.$/],
    ['a 7z file', Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1'), /is packed with 7z; unpack it\.$/],
    ['a brace after eight bytes', Buffer.from('abcd\0\0\0d{'), /is not a PyTorch checkpoint/],
    ['a brace after eight other bytes', Buffer.from('abcde\0\0\0{'), /is not a PyTorch checkpoint/],
    ['a gzip file', gzipSync('weights'), /is packed with gzip; unpack it\.$/],
    ['an xz file', Buffer.from('\xfd7zXZ\0\0\x04', 'latin1'), /is packed with xz; unpack it\.$/],
    ['a zstd file', Buffer.from('\x28\xb5\x2f\xfd\x24', 'latin1'), /is packed with zstd; unpack it\.$/],
    ['something else', Buffer.from('404'), /is not a PyTorch checkpoint/],
  ])('%s', async (_, bytes, message) => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'pytorch_model.bin'), bytes);
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: expect.stringMatching(message) as string,
    });
  });
});

test.each(['pytorch_model.bin', 'folder/checkpoint.pt'])('a zip archive with %s in it', async (inside) => {
  const folder = tempFolder();
  const file = join(folder, 'pytorch_model.bin');
  const zip = new ZipWriter(file);
  zip.add(inside, Buffer.from('weights'));
  zip.close();
  await expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-unreadable',
    message: `${file} is a zip archive with ${inside} in it; unpack it.`,
  });
});

test('a program of torch.export', async () => {
  const folder = tempFolder();
  const file = join(folder, 'pytorch_model.bin');
  const zip = new ZipWriter(file);
  zip.add('model/data/sample_inputs/model.pt', Buffer.from('inputs'));
  zip.add('model/archive_format', Buffer.from('pt2'));
  zip.close();
  await expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-unreadable',
    message:
      `${file} is a program of torch.export; convert it with PyTorch: ` +
      'torch.save(torch.export.load(path).state_dict, path).',
  });
});

test('a safetensors file whose header has a length that begins like gzip is none', async () => {
  const folder = tempFolder();
  const file = join(folder, 'model.safetensors');
  const entry = { dtype: 'I8', shape: [0], data_offsets: [0, 0] };
  const header = Buffer.from(JSON.stringify({ a: entry }).padEnd(0x8b1f));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(file, Buffer.concat([length, header]));
  expect((await open(folder)).tensors.size).toBe(1);
});

describe.each(['pytorch_model.bin', 'model.safetensors', 'config.json', 'vocab.json', 'merges.txt'])(
  'instead of %s',
  (name) => {
    test.each([
      [
        'a Git LFS pointer',
        'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n',
        'is a Git LFS pointer, not the file itself; fetch the file with git lfs pull.',
      ],
      [
        'a web page',
        '\n<!DOCTYPE html><html><title>Log in</title></html>',
        'is a web page, not the file itself; download it again, after a login if its site asks for one.',
      ],
      ['nothing', '', 'is empty; download it again.'],
    ])('%s', async (_, text, message) => {
      const folder = tempFolder();
      cpSync(FIXTURE, folder, { recursive: true });
      const file = join(folder, name);
      if (name === 'model.safetensors') rmSync(join(folder, 'pytorch_model.bin'));
      writeFileSync(file, text);
      await expect(compileCheckpoint(folder, join(folder, 'package'))).rejects.toMatchObject({
        code: 'checkpoint-unreadable',
        message: `${file} ${message}`,
      });
    });
  },
);

test.each([
  ['pytorch_model.bin', 'model.safetensors', 'is a file of torch.save, not of safetensors; name it pytorch_model.bin.'],
  [
    'model.safetensors',
    'pytorch_model.bin',
    'is a safetensors file, not one of torch.save; name it model.safetensors.',
  ],
])('%s under the name %s', async (name, wrong, message) => {
  const folder = tempFolder();
  const tensors = [['a', { dtype: 'float32', shape: [1], data: [1] }]] as const;
  if (name === 'model.safetensors') writeSafetensors(join(folder, wrong), tensors);
  else writeTorchArchive(join(folder, wrong), tensors);
  await expect(openWeights(folder)).rejects.toThrow(`${join(folder, wrong)} ${message}`);
});

test.each([2, 3, 4, 5])('a pickle of protocol %i under the name model.safetensors', async (protocol) => {
  const file = join(tempFolder(), 'model.safetensors');
  writeFileSync(file, new PickleWriter().proto(protocol).int(5).finish());
  await expect(openWeights(dirname(file))).rejects.toThrow(
    `${file} is a file of torch.save, not of safetensors; name it pytorch_model.bin.`,
  );
});

describe('parts with an index', () => {
  const parts = (weightMap: unknown): string => {
    const folder = tempFolder();
    writeSafetensors(join(folder, 'a.safetensors'), [['square', square]]);
    writeSafetensors(join(folder, 'b.safetensors'), [['line', { dtype: 'int8', shape: [2], data: [7, -7] }]]);
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
    return folder;
  };

  test('are read as one', async () => {
    const weights = await open(parts({ line: 'b.safetensors', square: 'a.safetensors' }));
    expect(weights.files).toEqual(['model.safetensors.index.json', 'b.safetensors', 'a.safetensors']);
    expect([...(await weights.read('square')), ...(await weights.read('line'))]).toEqual([1, 2, 3, 4, 5, 6, 7, -7]);
  });

  test.each([
    ['outside the folder', { square: '../a.safetensors' }, 'checkpoint-unsafe', /outside its folder/],
    ['that is the folder above', { square: '..' }, 'checkpoint-unsafe', /outside its folder/],
    ['outside the folder on Windows', { square: '..\\a.safetensors' }, 'checkpoint-unsafe', /outside its folder/],
    ['that is missing', { square: 'c.safetensors' }, 'checkpoint-unreadable', /no such file or folder/],
    [
      'without the tensor',
      { square: 'b.safetensors' },
      'checkpoint-incomplete',
      /under b\.safetensors, which does not contain it/,
    ],
    ['without a name', 7, 'checkpoint-unreadable', /not an index of checkpoint parts/],
    ['in an empty index', {}, 'checkpoint-unreadable', /not an index of checkpoint parts/],
  ])('refuses a part %s', async (_, weightMap, code, message) => {
    await expect(openWeights(parts(weightMap))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});
