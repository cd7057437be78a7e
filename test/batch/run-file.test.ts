import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskFolder } from '../../batch/output/result-folder.ts';
import { differenceOf, readRunFile, type RunDescription } from '../../batch/output/run-file.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { RUN, writeRun } from './run-folders.ts';

describe('the description of a run', () => {
  test('is read back from its folder', async () => {
    const folder = tempFolder();
    expect(await readRunFile(diskFolder(folder))).toBeUndefined();
    await writeRun(folder);
    expect(await readRunFile(diskFolder(folder))).toMatchObject(RUN);
  });

  test('is of parts in JSON Lines where it does not say so', async () => {
    const folder = await writeRun(tempFolder());
    writeFileSync(join(folder, '_run.json'), JSON.stringify({ format: 1, ...RUN, parts: undefined }));
    expect(await readRunFile(diskFolder(folder))).toMatchObject(RUN);
  });

  test.each([
    ['damaged', (text: string) => text.slice(0, -5)],
    ['of another version', (text: string) => text.replace('"format": 1', '"format": 2')],
  ])('is refused where it is %s', async (_, change) => {
    const folder = await writeRun(tempFolder());
    const file = join(folder, '_run.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    await expect(readRunFile(diskFolder(folder))).rejects.toMatchObject({
      code: 'input-unreadable',
      message: `${file} is damaged, or of another version of ofa-ve: use another folder.`,
    });
  });
});

describe('results are not mixed with those', () => {
  const { model, settings, input } = RUN;
  const withInput = (change: Partial<RunDescription['input']>): Partial<RunDescription> => ({
    input: { ...input, ...change },
  });

  test.each<[Partial<RunDescription>, string]>([
    [
      { model: { ...model, name: 'large', digest: 'c'.repeat(64) } },
      'of another model (large cccccccccccc, not mini aaaaaaaaaaaa)',
    ],
    [{ settings: { ...settings, LABELS: 'a,b,c' } }, 'of another LABELS ("a,b,c", not "No,Yes,Maybe")'],
    [{ settings: { ...settings, IMAGE_ORIENTATION: 'ignore' } }, 'of another IMAGE_ORIENTATION ("ignore", not "exif")'],
    [
      withInput({ name: 'old.jsonl', sha256: 'd'.repeat(64), rows: 7 }),
      'of another input (old.jsonl with 7 rows, whose content was another)',
    ],
    [withInput({ images: '/photos' }), 'of another folder of images (/photos)'],
    [
      withInput({ columns: { image: 'photo' } }),
      `of other columns ({"image":"photo"}, not ${JSON.stringify(input.columns)})`,
    ],
    [withInput({ texts: ['a dog'] }), 'of other texts (["a dog"], not [])'],
    [{ shard: { index: 1, count: 2 } }, 'of another shard (1/2)'],
    [{ partRows: 9 }, 'in parts of another length (--part-rows 9)'],
    [{ parts: 'parquet' }, 'in part files of another format (parquet)'],
  ])('of another run: %j', (change, clause) => {
    expect(differenceOf({ ...RUN, ...change }, RUN)).toBe(clause);
  });

  test('but with those of the same, at an address of images with a slash or without', () => {
    const at = (images: string): RunDescription => ({ ...RUN, ...withInput({ images }) });
    expect(differenceOf(at('s3://bucket/photos/'), at('s3://bucket/photos'))).toBeUndefined();
    expect(differenceOf(at('s3://bucket/photos'), at('s3://bucket/photos/'))).toBeUndefined();
  });

  test('but with those of the same model under another name', () => {
    expect(differenceOf({ ...RUN, model: { ...model, name: 'copy' } }, RUN)).toBeUndefined();
  });
});
