import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { OpenFile } from '../../batch/output/files.ts';
import { isResultFile, PartWriter } from '../../batch/output/part-file.ts';
import { writableDiskFolder } from '../../batch/output/result-folder.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const PART = { index: 3, first: 0, end: 9 };
const PARTIAL = '_part-00003.jsonl.partial';
const FULL = Object.assign(new Error('no space'), { code: 'ENOSPC' });

interface Setup {
  readonly folder: string;
  readonly writer: PartWriter;
  /** What was given to the disk, each call by itself. */
  readonly calls: string[];
  /** Ends the call that the disk is at. */
  readonly finish: (error?: Error) => Promise<void>;
  readonly isClosed: () => boolean;
}

/** A writer to a disk whose calls end when the test says so. */
async function slowDisk(): Promise<Setup> {
  const folder = tempFolder();
  const calls: string[] = [];
  const handles: FileHandle[] = [];
  let end: (error?: Error) => void = () => undefined;
  const openFile: OpenFile = async (...args) => {
    const handle = await open(...args);
    const append = handle.appendFile.bind(handle);
    handle.appendFile = async (data) => {
      calls.push(String(data));
      await new Promise<void>((resolve, reject) => {
        end = (error) => {
          if (error === undefined) resolve();
          else reject(error);
        };
      });
      await append(data);
    };
    handles.push(handle);
    return handle;
  };
  const options = { folder: await writableDiskFolder(folder), part: PART, format: 'jsonl', openFile } as const;
  const finish = async (error?: Error): Promise<void> => {
    end(error);
    await setImmediate();
  };
  const writer = await PartWriter.open(options, 0);
  return { folder, writer, calls, finish, isClosed: () => handles.every(({ fd }) => fd === -1) };
}

/** Whether a promise is still pending when what was started has had its turn. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, setImmediate(pending)])) === pending;
}

test.each([
  ['part-00000.jsonl', true],
  ['part-123456.parquet', true],
  ['shard-3-of-12/part-00001.jsonl', true],
  ['day/part-00000.jsonl', false],
  ['part-1.jsonl', false],
  ['_part-00000.jsonl.partial', false],
])('%s is a file of results: %s', (name, isResult) => {
  expect(isResultFile(name)).toBe(isResult);
});

test('rows that come while others are being written are written together', async () => {
  const { folder, writer, calls, finish, isClosed } = await slowDisk();
  for (const row of ['1', '2', '3']) await writer.write(row);
  expect(calls).toEqual(['1\n']);
  await finish();
  await vi.waitFor(() => {
    expect(calls).toEqual(['1\n', '2\n3\n']);
  });
  await finish();
  await vi.waitFor(() => {
    expect(readFileSync(join(folder, PARTIAL), 'utf8')).toBe('1\n2\n3\n');
  });
  await setImmediate();
  await writer.write('4');
  expect(calls).toEqual(['1\n', '2\n3\n', '4\n']);
  const completed = writer.complete();
  expect(await isPending(completed)).toBe(true);
  expect(readdirSync(folder)).toContain(PARTIAL);
  await finish();
  await completed;
  expect(readFileSync(join(folder, 'part-00003.jsonl'), 'utf8')).toBe('1\n2\n3\n4\n');
  expect(readdirSync(folder)).not.toContain(PARTIAL);
  expect(isClosed()).toBe(true);
});

test('no more rows are taken where more than 1 MiB of them wait for the disk', async () => {
  const { writer, calls, finish } = await slowDisk();
  await writer.write('first');
  await writer.write('x'.repeat((1 << 20) - 1));
  const waiting = writer.write('one more');
  expect(await isPending(waiting)).toBe(true);
  await finish();
  await vi.waitFor(() => {
    expect(calls).toHaveLength(2);
  });
  expect(await isPending(waiting)).toBe(true);
  await finish();
  await waiting;
  await writer.close();
});

test.each([
  ['the next row', (writer: PartWriter) => writer.write('next')],
  ['completing the part', (writer: PartWriter) => writer.complete()],
])('a failure of the disk ends %s, and the handle can be closed', async (_, act) => {
  const { folder, writer, finish, isClosed } = await slowDisk();
  await writer.write('row');
  await finish(FULL);
  await expect(act(writer)).rejects.toMatchObject({
    code: 'disk-full',
    message: `Cannot write ${join(folder, PARTIAL)}: the disk is full.`,
  });
  await writer.close();
  expect(isClosed()).toBe(true);
});

test('closing waits for the rows that are being written, and leaves them for another run', async () => {
  const { folder, writer, finish } = await slowDisk();
  await writer.write('row');
  const closed = writer.close();
  expect(await isPending(closed)).toBe(true);
  await finish();
  await closed;
  expect(readFileSync(join(folder, PARTIAL), 'utf8')).toBe('row\n');
});

test('a part that was begun goes on behind its complete lines', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, PARTIAL), 'kept\nhalf a li');
  const options = {
    folder: await writableDiskFolder(folder),
    part: PART,
    format: 'jsonl',
    openFile: undefined,
  } as const;
  const writer = await PartWriter.open(options, 'kept\n'.length);
  await writer.write('new');
  await writer.complete();
  expect(readFileSync(join(folder, 'part-00003.jsonl'), 'utf8')).toBe('kept\nnew\n');
});
