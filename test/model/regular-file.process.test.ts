import { execFileSync } from 'node:child_process';
import { cp, mkdir, rm, type FileHandle } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImageFile } from '../../cli/image-file.ts';
import { openWeights } from '../../model/compile/checkpoint/weights.ts';
import { readJson } from '../../model/compile/checkpoint/json-file.ts';
import { hashFile } from '../../model/hash-file.ts';
import { readExamples } from '../../model/package/examples.ts';
import { openPackage } from '../../model/package/open-package.ts';
import { fill, readRegular, readRegularSync } from '../../model/regular-file.ts';
import { openApiKeys } from '../../service/clients/api-keys.ts';
import { openTokenizer } from '../../service/inference/open-model.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** A named pipe that nobody writes to. */
function pipe(folder: string, name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

describe('what is not a regular file', () => {
  it.each([
    ['a folder', (path: string) => mkdir(path), 'it is a folder, not a regular file'],
    ['a named pipe', (path: string) => execFileSync('mkfifo', [path]), 'it is a named pipe, not a regular file'],
  ])('is refused at once: %s', async (_, make, message) => {
    const path = join(tempFolder(), 'file');
    await make(path);
    await expect(readRegular(path)).rejects.toThrow(message);
    expect(() => readRegularSync(path)).toThrow(message);
  });

  it('is refused at once: a device, a socket', async () => {
    await expect(readRegular('/dev/zero')).rejects.toThrow('it is a device');
    const path = join(tempFolder(), 'socket');
    const server = createServer().listen(path);
    await expect(readImageFile(path)).rejects.toThrow(/: it is a socket or a device, not a regular file\.$/);
    server.close();
  });
});

describe('a named pipe is refused with one sentence', () => {
  const message = /it is a named pipe, not a regular file\.?$/;

  it('as a file of API keys', () => {
    expect(() => openApiKeys(pipe(tempFolder(), 'keys'), () => undefined)).toThrow(message);
  });

  it('as an image', async () => {
    await expect(readImageFile(pipe(tempFolder(), 'image.png'))).rejects.toThrow(message);
  });

  it.each(['pytorch_model.bin', 'model.safetensors', 'pytorch_model.bin.index.json'])('as %s', async (name) => {
    const folder = tempFolder();
    pipe(folder, name);
    await expect(openWeights(folder)).rejects.toThrow(message);
  });

  it('as a JSON file of a checkpoint, a file to hash, and a list of examples', async () => {
    const folder = tempFolder();
    const path = pipe(folder, 'examples.json');
    await expect(readJson(path)).rejects.toThrow(message);
    await expect(hashFile(path)).rejects.toThrow(message);
    expect((await readExamples(folder, [])).problems).toEqual([expect.stringMatching(message)]);
  });

  it.each(['manifest.json', 'model.onnx', 'model.onnx.data', 'tokenizer.json'])("as a package's %s", async (name) => {
    const dir = join(tempFolder(), 'package');
    await cp(await fixturePackage('mini-none'), dir, { recursive: true });
    const whole = await openPackage(dir);
    await rm(join(dir, name));
    pipe(dir, name);
    await expect(openPackage(dir)).rejects.toThrow(name);
    if (name === 'tokenizer.json') await expect(openTokenizer(whole)).rejects.toThrow(name);
  });
});

it('a buffer of more than 2 GiB is filled by several reads, as far as the file goes', async () => {
  const target = new Uint8Array(2 ** 31 + 10);
  const size = 2 ** 31 + 5 + 100;
  const asked: number[] = [];
  /** Reads as the system does, less at once than it is asked for, and refuses what Node.js refuses. */
  const read = (buffer: Uint8Array, offset: number, length: number, position: number) => {
    if (length >= 2 ** 31 || offset + length > target.length) throw new RangeError('out of range');
    asked.push(position);
    return Promise.resolve({ buffer, bytesRead: Math.min(length, 1e8, size - position) });
  };
  expect(await fill({ read } as unknown as FileHandle, target, 100)).toBe(2 ** 31 + 5);
  expect(asked.slice(0, 2)).toEqual([100, 1e8 + 100]);
  expect(asked.at(-1)).toBe(size);
});
