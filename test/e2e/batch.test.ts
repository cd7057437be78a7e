import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parquetWriteFile } from 'hyparquet-writer';
import { beforeAll, describe, expect, test } from 'vitest';
import { demoPackage } from '../../demo/demo-package.ts';
import { readExamples } from '../../demo/examples.ts';
import { ofaVe } from '../../testing/cli.ts';
import { processTree } from '../../testing/process-usage.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { writeTar } from '../../testing/tars.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { pictureFolder, resultsIn, testRows, writeRows } from '../batch/rows.ts';
import { serve } from './service.ts';

/** Decoded pictures only: each row reaches the engine. */
const ENV = { DEVICE: 'cpu', ENGINE_THREADS: '1', FEATURE_CACHE_MB: '0' };

describe('a run answers as the service does', () => {
  test('with the demo model, rows that fail included', async () => {
    const packageDir = await demoPackage(join(tempFolder(), 'demo'));
    const folder = tempFolder();
    writeFileSync(join(folder, 'no-image.jpg'), 'no image');
    const rows: Record<string, unknown>[] = [
      { image: 'no-image.jpg', text: 'a dog' },
      { image: 'no-image.jpg', text: '...' },
      { image: 'no-image.jpg', texts: [] },
      { image: 'no-image.jpg', text: 'a', texts: ['b'] },
      { image: 'no-image.jpg', text: 'x'.repeat(10_001) },
    ];
    for (const { file, sentences } of await readExamples()) {
      const image = `${rows.length}.jpg`;
      copyFileSync(file, join(folder, image));
      rows.push(...sentences.map(({ hypothesis, premise }) => ({ image, text: hypothesis, premise })));
      rows.push({ image, texts: sentences.map(({ hypothesis }) => hypothesis) });
    }
    const output = join(folder, 'out');
    const input = writeRows(folder, rows);
    const { code, stdout } = await ofaVe(['batch', '--model', packageDir, '--input', input, '--output', output], ENV);
    expect([code, stdout]).toEqual([3, expect.stringMatching(/^failed rows +5\n +invalid-field +3$/m)]);
    const again = ['batch', '--input', input, '--output', output, '--allow-failures'];
    expect((await ofaVe(again, { ...ENV, MODEL_DIR: packageDir })).code).toBe(0);
    const service = await serve({ MODEL_DIR: packageDir });
    try {
      for (const [index, line] of resultsIn(join(output, 'part-00000.jsonl')).entries()) {
        const row = rows[index] ?? {};
        const image = readFileSync(join(folder, String(row['image']))).toString('base64');
        const body = JSON.stringify({ ...row, image });
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${service.url}/predict`, { method: 'POST', headers, body });
        expect(comparable(line)).toEqual(comparable((await response.json()) as Record<string, unknown>));
      }
    } finally {
      await service.stop();
    }
  });
});

/** What a line of results and an answer of the service have in common. */
function comparable(answer: Record<string, unknown>): object {
  const { result, label, confidence, scores, results, warnings } = answer;
  if (typeof answer['type'] === 'string') {
    return { code: answer['type'].split('#')[1], detail: answer['detail'], field: answer['field'] };
  }
  return (answer['error'] as object | undefined) ?? { result, label, confidence, scores, results, warnings };
}

describe('a run that is killed', () => {
  let packageDir = '';
  let folder = '';
  let input = '';
  let undisturbed = '';

  const args = (output: string): string[] => [
    ...['batch', '--model', packageDir, '--input', input, '--output', output],
    ...['--part-rows', '60'],
  ];
  const start = (output: string, shard: readonly string[] = []): ChildProcess => {
    const env = { ...process.env, ...ENV };
    return spawn(process.execPath, [PROGRAM, ...args(output), ...shard], { env, stdio: 'ignore' });
  };
  const merged = async (output: string): Promise<string> => {
    const file = `${output}.jsonl`;
    const { code, stderr } = await ofaVe(['batch', 'merge', output, '--output', file]);
    expect([code, stderr]).toEqual([0, '']);
    return readFileSync(file, 'utf8');
  };

  beforeAll(async () => {
    packageDir = await fixturePackage('mini-none');
    folder = pictureFolder();
    input = writeRows(folder, testRows(400));
    const output = join(folder, 'undisturbed');
    expect(await ofaVe(args(output), ENV)).toMatchObject({ code: 0 });
    undisturbed = await merged(output);
  });

  test('at any moment gives the results of an undisturbed one when it is started again', async () => {
    const output = join(folder, 'killed');
    for (const rows of [0, 55, 170, 330]) {
      const child = start(output);
      const exit = once(child, 'exit');
      // Somewhere behind this row.
      while (child.exitCode === null && rowsIn(output) < rows) await sleep(2);
      await sleep(Math.random() * 40);
      child.kill('SIGKILL');
      await exit;
    }
    expect(await ofaVe(args(output), ENV)).toMatchObject({ code: 0 });
    expect(await merged(output)).toBe(undisturbed);
  });

  test.runIf(process.platform === 'linux')('loses nothing when its engine is killed', async () => {
    const output = join(folder, 'engine-killed');
    const child = start(output);
    const exit = once(child, 'exit');
    while (child.exitCode === null && rowsIn(output) < 100) await sleep(2);
    const [, engine] = processTree(child.pid ?? 0);
    if (engine === undefined) throw new Error('the engine has ended already');
    process.kill(engine, 'SIGKILL');
    expect(await exit).toEqual([0, null]);
    expect(await merged(output)).toBe(undisturbed);
  });

  test('while three other shards run beside it loses nothing', async () => {
    const output = join(folder, 'sharded');
    const shards = [0, 1, 2, 3].map((index) => start(output, ['--shard', `${index}/4`]));
    const exits = shards.map((child) => once(child, 'exit'));
    const first = join(output, 'shard-0-of-4');
    while (shards[0]?.exitCode === null && rowsIn(first) < 20) await sleep(2);
    shards[0]?.kill('SIGKILL');
    expect(await Promise.all(exits.slice(1))).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
    await exits[0];
    const { code, stderr } = await ofaVe(['batch', 'merge', output, '--output', join(folder, 'early.jsonl')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('The results are not complete')]);
    expect(await ofaVe([...args(output), '--shard', '0/4'], ENV)).toMatchObject({ code: 0 });
    expect(await merged(output)).toBe(undisturbed);
  });

  test.each([
    ['Ctrl-C', 'SIGINT'],
    ['a terminal that is closed', 'SIGHUP'],
  ] as const)('by %s says how to go on, and leaves only what the next run needs', async (_, signal) => {
    const output = join(folder, signal);
    const child = spawn(process.execPath, [PROGRAM, ...args(output)], {
      env: { ...process.env, ...ENV },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
    const closed = once(child, 'close');
    while (child.exitCode === null && rowsIn(output) < 70) await sleep(2);
    child.kill(signal);
    // As npm passes on what the terminal has sent.
    await sleep(5);
    child.kill(signal);
    expect(await closed).toEqual([130, null]);
    expect(stderr).toMatch(/^Interrupted after \d+ of 400 rows; the same command goes on from there\.$/m);
    expect(readdirSync(output).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await ofaVe(args(output), ENV)).toMatchObject({ code: 0 });
    expect(await merged(output)).toBe(undisturbed);
  });
});

/** Rows that have been written, by the size of the files. */
function rowsIn(output: string): number {
  let rows = 0;
  for (let part = 0; ; part++) {
    const file = join(output, `part-0000${part}.jsonl`);
    const partial = join(output, `_part-0000${part}.jsonl.partial`);
    if (existsSync(file)) rows += 60;
    // It may become a whole part at any time.
    else return rows + Math.floor((statSync(partial, { throwIfNoEntry: false })?.size ?? 0) / 300);
  }
}

test('options that are missing or wrong are named', async () => {
  const needed = ['--input', fixtureFile('mini-none', ''), '--output', join(tempFolder(), 'out')];
  const failures = [
    [[], "required option '--input <input>' not specified"],
    [['--input', 'a'], "required option '--output <folder>' not specified"],
    [needed, 'give a model package with --model, or use --demo'],
    [
      [...needed, '--column', 'picture=a'],
      'It must be NAME=COLUMN, where NAME is one of id, image, text, texts, premise.',
    ],
    [[...needed, '--part-rows', '0'], 'It must be a whole number of at least 1.'],
    [['merge', 'a'], "required option '--output <file>' not specified"],
  ] as const;
  for (const [args, message] of failures) {
    const { code, stderr } = await ofaVe(['batch', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

test('an input that cannot be used ends with code 1 and a sentence, and leaves no results', async () => {
  const folder = pictureFolder();
  const model = ['--model', await fixturePackage('mini-none')];
  const tar = writeTar(join(folder, 'a.tar'), { '1.png': readFileSync(join(folder, 'image-00.png')), '1.txt': 'a' });
  writeFileSync(tar, readFileSync(tar).subarray(0, 700));
  const parquet = join(folder, 'a.parquet');
  parquetWriteFile({ filename: parquet, columnData: [{ name: 'photo', data: ['a.png'], type: 'STRING' }] });
  const twice = writeRows(folder, [testRows(1)[0] ?? {}, testRows(1)[0] ?? {}]);
  for (const [input, message] of [
    [tar, `The tar ${tar} is cut off (complete files: 0)`],
    [parquet, `The Parquet file ${parquet} has no column "image"`],
    [twice, 'Rows 1 and 2 of the input have the same id, "row-0"'],
    [join(folder, 'none.csv'), `Cannot read the input ${join(folder, 'none.csv')}: no such file or folder.`],
  ]) {
    const output = join(tempFolder(), 'out');
    const { code, stderr } = await ofaVe(['batch', ...model, '--input', input ?? '', '--output', output], ENV);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message ?? '')]);
    expect(readdirSync(output)).toEqual([]);
  }
});

test('--images alone is the input, too', async () => {
  const folder = pictureFolder();
  const output = join(tempFolder(), 'out.parquet');
  const model = ['--model', await fixturePackage('mini-none')];
  const options = ['--images', folder, '--text', 'a dog', '--output', output];
  const { code, stdout } = await ofaVe(['batch', ...model, ...options], ENV);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^rows +3$/m)]);
  expect(readdirSync(output).sort()).toEqual(['_run.json', 'part-00000.parquet']);
});

test('rows come from standard input, with columns of other names', async () => {
  const folder = pictureFolder();
  const output = join(folder, 'out');
  const model = ['--model', await fixturePackage('mini-none')];
  const input = ['--input', '-', '--format', 'csv', '--images', folder, '--column', 'image=photo'];
  const child = spawn(process.execPath, [PROGRAM, 'batch', ...model, ...input, '--output', output], {
    env: { ...process.env, ...ENV },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.stdin.end('photo,text,price\nimage-00.png,a dog,3\nmissing.png,a dog,4\n');
  expect(await once(child, 'exit')).toEqual([3, null]);
  expect(resultsIn(join(output, 'part-00000.jsonl'))).toMatchObject([
    { id: 1, image: 'image-00.png', columns: { price: '3' }, result: expect.any(Number) as number },
    { id: 2, image: 'missing.png', columns: { price: '4' }, error: { code: 'unreadable-image' } },
  ]);
});

test('a signal ends a run that still waits for standard input, and leaves nothing of it', async () => {
  const output = join(tempFolder(), 'out');
  const model = ['--model', await fixturePackage('mini-none')];
  const input = ['--input', '-', '--format', 'jsonl', '--images', pictureFolder()];
  const child = spawn(process.execPath, [PROGRAM, 'batch', ...model, ...input, '--output', output], {
    env: { ...process.env, ...ENV },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  child.stdin.write('{"image": "image-00.png", "text": "a dog"}\n');
  const copy = join(output, '.stdin');
  await expect.poll(() => existsSync(copy) && statSync(copy).size > 0, { timeout: 20_000 }).toBe(true);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([130, null]);
  expect(readdirSync(output)).toEqual([]);
});
