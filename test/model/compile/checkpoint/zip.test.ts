import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { writeTorchArchive } from '../../../../testing/torch-archive.ts';
import { ZipWriter } from '../../../../testing/zip.ts';
import { square } from './open-weights.ts';

/** An archive with one tensor, after `change` to the header of its storage in the directory at the end. */
function changed(change: (bytes: Buffer, header: number) => void): string {
  const folder = tempFolder();
  const file = join(folder, 'pytorch_model.bin');
  writeTorchArchive(file, [['square', square]]);
  const bytes = readFileSync(file);
  // The name follows 46 bytes of the header.
  change(bytes, bytes.lastIndexOf('pytorch_model/data/0') - 46);
  writeFileSync(file, bytes);
  return folder;
}

function refuses(folder: string, cause: RegExp): Promise<void> {
  const file = join(folder, 'pytorch_model.bin');
  return expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-incomplete',
    message:
      `${file} is truncated or damaged: the directory of its zip archive does not match the file; ` +
      'download it again.',
    cause: { message: expect.stringMatching(cause) as string },
  });
}

test('an entry that is longer than the file is refused', async () => {
  const folder = changed((bytes, header) => {
    bytes.writeUInt32LE(bytes.length, header + 20);
    bytes.writeUInt32LE(bytes.length, header + 24);
  });
  await refuses(folder, /^file data overflows file bounds/);
});

test('two entries with one name are refused', async () => {
  const folder = tempFolder();
  const zip = new ZipWriter(join(folder, 'pytorch_model.bin'));
  zip.add('pytorch_model/data/0', Buffer.from('first'));
  zip.add('pytorch_model/data/0', Buffer.from('second'));
  zip.close();
  await refuses(folder, /^two entries have the name pytorch_model\/data\/0$/);
});

test('an encrypted entry is refused', async () => {
  const folder = changed((bytes, header) => {
    bytes.writeUInt16LE(1, header + 8);
    // The cipher's header has 12 bytes.
    bytes.writeUInt32LE(bytes.readUInt32LE(header + 20) + 12, header + 20);
  });
  await expect(openWeights(folder)).rejects.toMatchObject({
    code: 'checkpoint-unreadable',
    message:
      `${join(folder, 'pytorch_model.bin')} is compressed or encrypted (its entry pytorch_model/data/0), but PyTorch ` +
      'does neither; use the file as torch.save wrote it.',
  });
});
