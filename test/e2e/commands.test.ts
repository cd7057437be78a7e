import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile, readlink, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { ofaVe, ofaVeProcess } from '../../testing/cli.ts';
import { fixturePackage, fixtureFile } from '../../testing/fixtures.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

const image = fixtureFile('mini-none', 'image-00.png');
let folder = '';
let packageDir = '';

beforeAll(async () => {
  folder = tempFolder();
  packageDir = await fixturePackage('mini-none');
  await writeFile(join(folder, 'no-image.png'), 'no image');
});

describe('a mistake is reported in one sentence with exit code 1', () => {
  it.each([
    [
      'a folder that is not a package',
      ['--model', tmpdir(), '--image', image, '--text', 'a'],
      'is not a model package',
    ],
    [
      'an image that does not exist',
      ['--image', '/nowhere.png', '--text', 'a'],
      'Cannot read the image /nowhere.png: no such file or folder.',
    ],
    [
      'a file that is not an image',
      ['--image', 'NO-IMAGE', '--text', 'a'],
      'The image is not a JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF',
    ],
  ])('%s', async (_, args, sentence) => {
    const model = args.includes('--model') ? [] : ['--model', packageDir];
    const given = args.map((arg) => (arg === 'NO-IMAGE' ? join(folder, 'no-image.png') : arg));
    const { code, stdout, stderr } = await ofaVe(['predict', ...model, ...given]);
    expect(stderr).toContain(sentence);
    expect([code, stdout, stderr.trim().split('\n').length]).toEqual([1, '', 1]);
  });

  it('a truncated package', async () => {
    const broken = await fixturePackage('mini-prev-output');
    await truncate(join(broken, 'model.onnx.data'), 1000);
    const { code, stderr } = await ofaVe(['predict', '--model', broken, '--image', image, '--text', 'a']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/model\.onnx\.data .* has 1000 bytes but should have \d+ bytes/);
  });

  it('an option with control characters, which are escaped', async () => {
    const { code, stderr } = await ofaVe(['inspect', packageDir, '--modl\x1b[31m\n']);
    expect(code).toBe(2);
    expect(stderr).toContain("error: unknown option '--modl\\u001b[31m\\n'");
    const typo = await ofaVe(['serve', '--demoo']);
    expect(typo.stderr).toContain("error: unknown option '--demoo'\n(Did you mean --demo?)\n");
  });
});

describe('a wrong option or setting has exit code 2, whoever notices it', () => {
  const rows = ['batch', '--demo', '--output', 'results', '--text', 'a'];

  it.each([
    ['a setting', ['predict', '--demo', '--image', image, '--text', 'a'], 'MAX_BATCH is "many" but must be'],
    ['--port', ['serve', '--demo', '--port', 'http'], 'PORT is "http" but must be'],
    ['--shard', [...rows, '--input', 'photos', '--shard', '2/2'], '--shard is "2/2" but must be I/N'],
    ['--format', [...rows, '--input', '-'], 'Standard input needs --format: one of jsonl'],
    ['--name', ['compile', 'checkpoint', 'package', '--name', 'a\tb'], "The model's name (--name)"],
    ['a model', ['fetch', 'larg'], '"larg" is not a model: give a preset'],
    [
      'an SLO',
      ['plan', '--rate', '9', '--latency-ms', '9', '--start-seconds', '9', '--slo-ms', '1'],
      'even a pod that',
    ],
    ['a text without words', ['predict', '--demo', '--image', image, '--text', '..'], 'It contains no words to judge.'],
    ['an empty text', ['explain', '--demo', '--text', ''], 'It contains no words to judge.'],
    ['a blank text', [...rows, '--input', 'photos', '--text', ' '], "'--text <text>' argument ' ' is invalid."],
    ['no file', ['predict', '--demo', '--image', '', '--text', 'a'], "'--image <file>' argument '' is invalid."],
    ['no host', [...rows, '--input', 'photos', '--allow-host', ''], "'--allow-host <host>' argument '' is invalid."],
    ['no folder', ['inspect', ''], "value '' is invalid for argument 'package-folder'. It must not be empty."],
    ['one of several', ['batch', 'merge', 'a', '', '--output', 'b'], "value '' is invalid for argument 'folders'."],
  ])('%s', async (what, args, sentence) => {
    const { code, stdout, stderr } = await ofaVe(args, what === 'a setting' ? { MAX_BATCH: 'many' } : {});
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(sentence)]);
  });

  it('but not what another machine would have', async () => {
    const { code, stderr } = await ofaVe(['predict', '--demo', '--image', image, '--text', 'a'], { DEVICE: 'cuda' });
    expect([code, stderr]).toEqual([1, expect.stringContaining('DEVICE is cuda, but ')]);
  });
});

it('synth says in one sentence that the manifests cannot be written', async () => {
  const target = join(folder, 'no-image.png', 'dist');
  const { code, stderr } = await ofaVeProcess(['synth', '--output', target]);
  expect([code, stderr]).toEqual([1, `Cannot write the manifests to ${target}: part of the path is not a folder.\n`]);
});

it('serve without a model says how to set one', async () => {
  const { code, stderr } = await ofaVeProcess(['serve'], { MODEL_DIR: ' ' });
  expect([code, stderr]).toEqual([
    2,
    'MODEL_DIR is not set; give a model package with --model, or use --demo for the small model that ships with ofa-ve.\n',
  ]);
});

it('serve logs a variable that may be a misspelt setting', async () => {
  const { code, stdout } = await ofaVeProcess(['serve', '--model', tmpdir()], { MAX_QUEU: '5' });
  expect(code).toBe(1);
  expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({
    level: 40,
    msg: 'settings',
    detail: 'MAX_QUEU is not a setting of this program; MAX_QUEUE is.',
  });
});

it('wrong usage has exit code 2, and says where the options are', async () => {
  const { code, stderr } = await ofaVeProcess(['predict', '--model', packageDir]);
  expect([code, stderr]).toEqual([
    2,
    "error: required option '--image <file>' not specified\n(run with --help for the options)\n",
  ]);
  const merge = await ofaVe(['batch', 'merge', folder]);
  expect(merge.stderr).toContain("'--output <file>' not specified\n(run with --help for the options)\n");
  const half = await ofaVe(['explain', '--model', packageDir, '--text', 'a', '--image', image]);
  expect(half.code).toBe(2);
  expect(half.stderr).toContain('--image goes with --pixels or --heatmap');
});

describe('what cannot be printed', () => {
  const predict = (): string[] => ['predict', '--model', packageDir, '--image', image, '--text', 'a'];
  const run = async (output: 'pipe' | number, args = predict()): Promise<[code: unknown, stderr: string]> => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', output, 'pipe'] });
    child.stdout?.destroy();
    const exit = once(child, 'exit');
    const stderr = child.stderr === null ? '' : await text(child.stderr);
    return [((await exit) as unknown[])[0], stderr];
  };

  it('is no failure if the reader has left', async () => {
    expect(await run('pipe')).toEqual([0, '']);
    expect(await run('pipe', ['serve', '--help'])).toEqual([0, '']);
  });

  it.runIf(existsSync('/dev/full'))('is a failure in one sentence if the disk is full', async () => {
    const file = openSync('/dev/full', 'w');
    const ended = await run(file);
    closeSync(file);
    expect(ended).toEqual([1, 'The output cannot be written: the disk is full.\n']);
  });
});

it('batch says that an input has no rows', async () => {
  const input = join(folder, 'empty.csv');
  await writeFile(input, 'image,text\n');
  const args = ['--model', packageDir, '--input', input, '--output', join(folder, 'none')];
  const { code, stdout } = await ofaVe(['batch', ...args]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('There was no row to compute; the results are in')]);
});

it('explain --heatmap writes the picture with the parts that decide', async () => {
  const target = join(folder, 'heatmap.png');
  const args = ['--model', packageDir, '--text', 'there are two red circles.', '--image', image, '--heatmap', target];
  const { stdout } = await ofaVe(['explain', ...args]);
  expect(stdout).toMatch(/heatmap {5}.*heatmap\.png: maybe \(0\.668\), most at \d+ % from the left/);
  expect(await sharp(await readFile(target)).metadata()).toMatchObject({ format: 'png', width: 512, height: 512 });
  const { answer, heatmap } = JSON.parse((await ofaVe(['explain', ...args, '--json'])).stdout) as Record<
    string,
    object
  >;
  expect(Object.keys(answer ?? {})).toEqual(['result', 'label', 'confidence', 'scores', 'log_scores']);
  expect(heatmap).toHaveLength(8);
});

it.each(['--pixels', '--heatmap'])('explain %s leaves no file where none can be written to its end', async (option) => {
  const file = join(folder, `full${option}.png`);
  const target = join(folder, `link${option}.png`);
  await symlink(file, target);
  const args = ['explain', '--model', packageDir, '--text', 'a', '--image', image, option, target];
  // No file may have a byte, as on a full disk.
  const child = spawn('sh', ['-c', 'ulimit -f 0 && exec "$0" "$@"', process.execPath, PROGRAM, ...args]);
  expect(await text(child.stderr)).toBe(
    `Cannot write ${target}: the file would be larger than the file system or a limit allows.\n`,
  );
  expect(existsSync(file)).toBe(false);
  expect(await readlink(target)).toBe(file);
});

it('predict prints every label', async () => {
  const text = 'there are two red circles.';
  const { stdout } = await ofaVeProcess(['predict', '--model', packageDir, '--image', image, '--text', text]);
  expect(stdout).toMatch(/^maybe\n {2}yes +17\.1 % {2}#+\n {2}no +16\.1 % {2}#+\n {2}maybe +66\.8 % {2}#+\n$/);
});

it('predict and explain take the demo model, or that of MODEL_DIR', async () => {
  const args = ['--image', image, '--text', 'there are two red circles.', '--json'];
  const named = await ofaVe(['predict', ...args], { MODEL_DIR: packageDir });
  expect(JSON.parse(named.stdout)).toMatchObject({ label: 'maybe', model: { name: 'mini-none' } });
  const demo = await ofaVe(['predict', '--demo', ...args]);
  expect(JSON.parse(demo.stdout)).toMatchObject({ model: { name: 'ofa-demo' } });
  const explained = await ofaVe(['explain', '--demo', '--text', 'a', '--json']);
  expect(JSON.parse(explained.stdout)).toMatchObject({ prompt: ' does the image describe " a "?' });
  for (const command of [
    ['predict', ...args],
    ['explain', '--text', 'a'],
  ]) {
    const { code, stderr } = await ofaVe(command);
    expect([code, stderr]).toEqual([
      2,
      'error: give a model package with --model, or use --demo\n(run with --help for the options)\n',
    ]);
  }
});

it('batch counts one row as one', async () => {
  const input = join(folder, 'rows.jsonl');
  await writeFile(input, JSON.stringify({ image, text: 'a' }));
  const args = ['--model', packageDir, '--input', input, '--output', join(folder, 'results'), '--allow-outside'];
  const { stdout } = await ofaVe(['batch', ...args]);
  expect(stdout).toContain('\n1 row computed in ');
});

it('--help has a line for each command, in the same words as the others', async () => {
  const { stdout } = await ofaVe(['--help']);
  const [, list = ''] = /^Commands:\n((?: .*\n)+)/m.exec(stdout) ?? [];
  const lines = list.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line).toMatch(/^ {2}[a-z].* {2}[a-z][^.]*$/);
});

it('serve --help lists every setting', async () => {
  const { code, stdout } = await ofaVe(['serve', '--help']);
  expect(code).toBe(0);
  for (const name of ['MAX_QUEUE', 'ENGINE_TIMEOUT_MS', 'API_KEYS_FILE']) expect(stdout).toContain(name);
  expect(stdout).toContain('OTLP over HTTP, usually port 4318');
});

it('explain and predict turn a picture as its EXIF says, unless IMAGE_ORIENTATION is "stored"', async () => {
  const turned = join(folder, 'turned.png');
  await sharp(await readFile(image))
    .withMetadata({ orientation: 6 })
    .png()
    .toFile(turned);
  const target = join(folder, 'seen.png');
  const seen = async (file: string, settings: Record<string, string>): Promise<Buffer> => {
    const args = ['--model', packageDir, '--text', 'a', '--image', file, '--pixels', target];
    const { stdout } = await ofaVe(['explain', ...args], settings);
    expect(stdout).toContain(`, ${settings['IMAGE_ORIENTATION'] ?? 'upright'})`);
    return sharp(await readFile(target))
      .raw()
      .toBuffer();
  };
  const stored = await seen(turned, { IMAGE_ORIENTATION: 'stored' });
  expect(stored.equals(await seen(image, {}))).toBe(true);
  expect((await seen(turned, {})).equals(stored)).toBe(false);

  const confidence = async (settings: Record<string, string>): Promise<string> => {
    const args = ['--model', packageDir, '--image', turned, '--text', 'there are two red circles.'];
    return (await ofaVe(['predict', ...args], settings)).stdout;
  };
  expect(await confidence({ IMAGE_ORIENTATION: 'stored' })).toContain('17.1 %');
  expect(await confidence({})).not.toContain('17.1 %');
});

it('explain overwrites neither its image nor its other file', async () => {
  const photo = join(folder, 'photo.png');
  await writeFile(photo, await readFile(image));
  await symlink(photo, join(folder, 'link.png'));
  const files = [
    ['--image', photo, '--pixels', join(folder, '.', 'photo.png')],
    ['--image', photo, '--heatmap', join(folder, 'link.png')],
    ['--image', image, '--pixels', join(folder, 'same.png'), '--heatmap', join(folder, 'same.png')],
  ];
  for (const args of files) {
    const { code, stderr } = await ofaVe(['explain', '--model', packageDir, '--text', 'a', ...args]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`error: ${args.at(-1)} would be overwritten: --image,`),
    ]);
  }
  expect(await readFile(photo)).toEqual(await readFile(image));
});

it('explain takes a premise without words as none, as the service does', async () => {
  const args = ['explain', '--model', packageDir, '--text', 'a cat sleeps'];
  expect((await ofaVe([...args, '--premise', '?!'])).stdout).toBe((await ofaVe(args)).stdout);
});

it('explain warns about characters that can change an answer', async () => {
  const { stdout } = await ofaVe(['explain', '--model', packageDir, '--text', 'a\tcat\xa0sleeps']);
  expect(stdout).toContain('warning     The text contains a control character such as a tab or a line feed (U+0009)');
  expect(stdout).toContain('warning     The text contains a no-break space (U+00A0)');
});
