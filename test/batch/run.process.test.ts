import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeRuns } from '../../batch/merge.ts';
import type { BatchProgress } from '../../batch/run.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows } from './rows.ts';
import { stubRuns } from './stub-runs.ts';

const run = stubRuns();
let pictures = '';

beforeAll(() => {
  pictures = pictureFolder();
});

test('parts have all rows in order, with their columns, and are merged to one file', async () => {
  const rows = testRows(230);
  const output = join(tempFolder(), 'out');
  const { tally, computed, folder } = await run({ input: writeRows(pictures, rows), output });
  expect([tally.rows, tally.failedRows, computed, folder]).toEqual([230, 0, 230, output]);
  expect(readdirSync(output).sort()).toEqual(['_run.json', ...[0, 1, 2, 3, 4].map((n) => `part-0000${n}.jsonl`)]);
  const merged = join(output, 'all.jsonl');
  expect((await mergeRuns([output], merged)).rows).toBe(230);
  const results = resultsIn(merged);
  expect(results.map(({ id, image, text, columns }) => ({ id, image, text, ...(columns as object) }))).toEqual(rows);
  expect(Object.keys(results[0] ?? {})).toEqual([
    ...['id', 'image', 'text', 'columns'],
    ...['result', 'label', 'confidence', 'scores'],
  ]);
});

test('shards have each row once', async () => {
  const input = writeRows(pictures, testRows(43));
  const output = join(tempFolder(), 'out');
  const whole = join(tempFolder(), 'whole');
  await run({ input, output: whole });
  for (const index of [2, 0]) await run({ input, output, shard: { index, count: 3 }, partRows: 10 });
  const merged = join(output, 'all.jsonl');
  await expect(mergeRuns([output], merged)).rejects.toThrow('The results are not complete: Shard 1/3 is missing.');
  await run({ input, output, shard: { index: 1, count: 3 }, partRows: 7 });
  await mergeRuns([output], merged);
  expect(readFileSync(merged, 'utf8')).toBe(readFileSync(join(whole, 'part-00000.jsonl'), 'utf8'));
  const shards = ['shard-2-of-3', 'shard-0-of-3', 'shard-2-of-3'].map((name) => join(output, name));
  await expect(mergeRuns(shards, join(output, 'twice.jsonl'))).rejects.toThrow('Shard 1/3 is missing.');
  await expect(mergeRuns([output, whole], join(output, 'mixed.jsonl'))).rejects.toThrow('they cannot be merged.');
  await expect(mergeRuns([output], merged)).rejects.toThrow('exists already');
});

test('a folder of pictures needs no file of rows', async () => {
  const output = join(tempFolder(), 'out');
  await run({ input: pictures, output, texts: ['a dog', 'a cat'] });
  const results = resultsIn(join(output, 'part-00000.jsonl'));
  expect(results.map(({ id }) => id)).toEqual(['image-00.png', 'image-01.png', 'image-02.png']);
  expect(results[0]).toMatchObject({ texts: ['a dog', 'a cat'], results: [{ result: 2 }, { result: 2 }] });
  const pattern = join(tempFolder(), 'out');
  await run({ input: join(pictures, '*-0[12].png'), output: pattern, texts: ['a dog'] });
  expect(resultsIn(join(pattern, 'part-00000.jsonl')).map(({ image }) => image)).toEqual([
    join(pictures, 'image-01.png'),
    join(pictures, 'image-02.png'),
  ]);
  await expect(run({ input: tempFolder(), output, texts: ['a'] })).rejects.toThrow('has no pictures');
});

describe('a run goes on where the one before was', () => {
  test('after its pictures were moved, if the user says so', async () => {
    const folders = [tempFolder(), tempFolder()].map((folder) => join(folder, 'photos'));
    const [before = '', after = ''] = folders;
    renameSync(pictureFolder(), before);
    const command = { output: join(tempFolder(), 'out'), texts: ['a dog'] };
    await run({ ...command, input: before });
    renameSync(before, after);
    await expect(run({ ...command, input: after })).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `The folder ${command.output} has results of another folder of images (${before}). Choose another --output, or delete the folder; if these are the same pictures at another place, add --images-moved.`,
    });
    expect(await run({ ...command, input: after, imagesMoved: true })).toMatchObject({ computed: 0 });
    // The place is known from then on.
    expect(await run({ ...command, input: after })).toMatchObject({ computed: 0 });
    rmSync(join(after, 'image-00.png'));
    await expect(run({ ...command, input: after, imagesMoved: true })).rejects.toThrow(
      / has results of another input .*\. Choose another --output, or delete the folder\.$/,
    );
  });

  test('after an interruption', async () => {
    const rows = testRows(120);
    const input = writeRows(pictures, rows);
    const output = join(tempFolder(), 'out');
    const interrupt = new AbortController();
    const first = run({
      input,
      output,
      signal: interrupt.signal,
      onProgress: ({ done }) => {
        if (done === 70) interrupt.abort();
      },
    });
    await expect(first).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringMatching(
        /^Interrupted after \d+ of 120 rows; the same command goes on from there\.$/,
      ) as string,
    });
    expect(readdirSync(output).sort()).toEqual(['_part-00001.jsonl.partial', '_run.json', 'part-00000.jsonl']);
    const { computed, tally } = await run({ input, output });
    expect(computed).toBeLessThanOrEqual(50);
    expect(tally.rows).toBe(120);
    const results = [0, 1, 2].flatMap((part) => resultsIn(join(output, `part-0000${part}.jsonl`)));
    expect(results.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    // Nothing is left: no engine is started, which here could not start.
    expect(await run({ input, output, special: { instructions: { start: 'exit' } } })).toMatchObject({ computed: 0 });
  });

  test('after an interruption before anything was computed, of which nothing is left', async () => {
    const input = writeRows(pictures, testRows(60));
    const output = join(tempFolder(), 'out');
    const message = 'Interrupted before a row was computed; run the same command again.';
    const ends = { code: 'interrupted', message };
    await expect(run({ input, output, signal: AbortSignal.abort() })).rejects.toMatchObject(ends);
    expect(readdirSync(output)).toEqual([]);
    // While the engine starts.
    const signal = AbortSignal.timeout(1000);
    const special = { instructions: { start: 'hang' } } as const;
    await expect(run({ input, output, signal, special })).rejects.toMatchObject(ends);
    expect(await run({ input, output })).toMatchObject({ computed: 60 });
  });

  test('after a loss of power, with half a line and rubbish at the end', async () => {
    const input = writeRows(pictures, testRows(60));
    const output = join(tempFolder(), 'out');
    await run({ input, output });
    const part = join(output, 'part-00000.jsonl');
    const partial = join(output, '_part-00000.jsonl.partial');
    const whole = readFileSync(part, 'utf8');
    rmSync(part);
    const kept = whole.split('\n').slice(0, 20).join('\n');
    writeFileSync(partial, `${kept}\n${'\0'.repeat(100)}\n{"id":"row-21","ima`);
    expect(await run({ input, output })).toMatchObject({ computed: 30 });
    expect(readFileSync(part, 'utf8')).toBe(whole);
    // All rows written, but not renamed yet.
    renameSync(part, partial);
    expect(await run({ input, output })).toMatchObject({ computed: 0 });
    expect(readFileSync(part, 'utf8')).toBe(whole);
    writeFileSync(part, kept);
    const changed = `${part} has 19 rows but should have 50: somebody has changed it. Delete it and run the batch command again, which computes its rows.`;
    await expect(run({ input, output })).rejects.toThrow(changed);
    await expect(mergeRuns([output], join(output, 'all.jsonl'))).rejects.toThrow(changed);
  });

  test('but not after lines were taken out of a part', async () => {
    const input = writeRows(pictures, testRows(60));
    const output = join(tempFolder(), 'out');
    await run({ input, output, shard: { index: 1, count: 2 } });
    const part = join(output, 'shard-1-of-2/part-00000.jsonl');
    const partial = join(output, 'shard-1-of-2/_part-00000.jsonl.partial');
    const whole = readFileSync(part, 'utf8');
    rmSync(part);
    const kept = whole.split('\n').slice(0, 20);
    writeFileSync(partial, `${kept.toSpliced(5, 1).join('\n')}\n`);
    const again = (): Promise<unknown> => run({ input, output, shard: { index: 1, count: 2 } });
    await expect(again()).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `${partial} has other rows than the input: somebody has changed it. Delete it and run the command again, which computes its rows.`,
    });
    writeFileSync(partial, `${kept.slice(0, 5).join('\n')}\n`);
    expect(await again()).toMatchObject({ computed: 25 });
    expect(readFileSync(part, 'utf8')).toBe(whole);
  });

  test('after the disk was full', async () => {
    const input = writeRows(pictures, testRows(60));
    const output = join(tempFolder(), 'out');
    const openFile: typeof open = async (...args) => {
      const handle = await open(...args);
      const appendFile = handle.appendFile.bind(handle);
      let room = 30;
      handle.appendFile = async (data) => {
        room -= String(data).split('\n').length - 1;
        if (room < 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        await appendFile(data);
      };
      return handle;
    };
    await expect(run({ input, output, openFile })).rejects.toMatchObject({
      code: 'disk-full',
      message: `Cannot write ${join(output, '_part-00000.jsonl.partial')}: the disk is full. The same command goes on from there.`,
    });
    const { computed, tally } = await run({ input, output });
    expect(computed).toBeGreaterThanOrEqual(30);
    expect(tally.rows).toBe(60);
  });

  test('but not with another model, input, text or part length', async () => {
    const folder = pictureFolder();
    const input = writeRows(folder, testRows(3));
    const output = join(tempFolder(), 'out');
    await run({ input, output });
    const other = await fixturePackage('mini-prev-output');
    const refusal = (what: RegExp) => ({ code: 'output-not-writable', message: expect.stringMatching(what) as string });
    await expect(run({ input, output, special: { packageDir: other } })).rejects.toMatchObject(
      refusal(/ has results of another model \(/),
    );
    await expect(run({ input, output, texts: ['a'] })).rejects.toMatchObject(
      refusal(/ of other texts \(\[\], not \["a"\]\)/),
    );
    await expect(run({ input, output, partRows: 9 })).rejects.toMatchObject(refusal(/in parts of another length/));
    await expect(run({ input, output, special: { env: { LABELS: 'Yes,No,Maybe' } } })).rejects.toMatchObject(
      refusal(/another LABELS/),
    );
    writeRows(folder, testRows(4));
    await expect(run({ input, output })).rejects.toMatchObject(
      refusal(/ of another input \(.*rows\.jsonl with 3 rows/),
    );
  });

  test.each(['out', 'out.parquet'])('but not if nothing says what the results in %s are of', async (name) => {
    const output = join(tempFolder(), name);
    await run({ input: pictures, output, texts: ['a dog'] });
    const file = join(output, '_run.json');
    rmSync(file);
    await expect(run({ input: pictures, output, texts: ['a cat'] })).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `The folder ${output} has results, but no _run.json, which says what they are results of. Choose another --output, or delete the folder.`,
    });
    expect(existsSync(file)).toBe(false);
  });

  test('and two runs do not write into one folder at once', async () => {
    const input = writeRows(pictures, testRows(3));
    const output = join(tempFolder(), 'out');
    const ends = await Promise.allSettled([run({ input, output }), run({ input, output })]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(existsSync(join(output, '.batch.lock'))).toBe(false);
  });

  test('and a run ends whose folder another one has taken over', async () => {
    const input = writeRows(pictures, testRows(20_000));
    const output = join(tempFolder(), 'out');
    const lock = join(output, '.batch.lock');
    const onProgress = ({ done }: BatchProgress): void => {
      if (done === 1) writeFileSync(lock, 'of another run');
    };
    await expect(run({ input, output, onProgress })).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `Another process is writing results into ${output} now, since this one stood still for long: wait until it has finished.`,
    });
    expect(readFileSync(lock, 'utf8')).toBe('of another run');
  });
});
