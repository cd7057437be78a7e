import { cp, mkdir, readFile, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import type { CompileOptions } from '../../../model/compile/compile-options.ts';
import { encodePrompt } from '../../../model/input/tokens.ts';
import { openPackage } from '../../../model/package/open-package.ts';
import { loadTokenizer } from '../../../model/package/tokenizer.ts';
import { ofaVe } from '../../../testing/cli.ts';
import { archiveTensors } from '../../../testing/checkpoint-layout.ts';
import { variant, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { writeTorchArchive } from '../../../testing/torch-archive.ts';
import { PickleWriter } from '../../../testing/pickle-writer.ts';

const FIXTURE = fileURLToPath(new URL('../../fixtures/ofa/mini-none', import.meta.url));

type Break = (folder: string) => Promise<void> | void;

/** Rewrites a JSON file of the checkpoint. */
function edit(file: string, change: (json: Record<string, unknown>) => Record<string, unknown>): Break {
  return async (folder) => {
    const name = path.join(folder, file);
    const json = JSON.parse(await readFile(name, 'utf8')) as Record<string, unknown>;
    await writeFile(name, JSON.stringify(change(json)));
  };
}

function weights(folder: string, change: (name: string) => 'keep' | 'drop' | 'widen'): void {
  const plain = variant('plain');
  writeVariantCheckpoint(folder, plain);
  const entries = archiveTensors(plain).flatMap(([name, tensor]) => {
    switch (change(name)) {
      case 'drop':
        return [];
      case 'widen':
        return [[name, { dtype: 'float32' as const, shape: [3], data: [1, 2, 3] }] as const];
      case 'keep':
        return [[name, tensor] as const];
    }
  });
  writeTorchArchive(path.join(folder, 'pytorch_model.bin'), entries);
}

const BROKEN: readonly (readonly [string, Break, RegExp])[] = [
  ['a truncated archive', (folder) => truncate(path.join(folder, 'pytorch_model.bin'), 100_000), /pytorch_model\.bin/],
  ['an empty archive', (folder) => truncate(path.join(folder, 'pytorch_model.bin'), 0), /pytorch_model\.bin/],
  [
    'a missing tensor',
    (folder) => {
      weights(folder, (name) => (name === 'encoder.layers.1.fc1.bias' ? 'drop' : 'keep'));
    },
    /no tensor encoder\.layers\.1\.fc1\.bias/,
  ],
  [
    'a tensor of the wrong shape',
    (folder) => {
      weights(folder, (name) => (name === 'decoder.layer_norm.weight' ? 'widen' : 'keep'));
    },
    /decoder\.layer_norm\.weight has shape \[3\], but its configuration requires \[\d+\]/,
  ],
  [
    'a pickle that calls os.system',
    async (folder) => {
      const canary = path.join(folder, 'canary');
      const pickle = new PickleWriter().proto().global('os', 'system').mark().text(`touch ${canary}`);
      writeTorchArchive(path.join(folder, 'pytorch_model.bin'), [], {
        pickle: pickle.tuple().reduce().finish(),
      });
      await Promise.resolve();
    },
    /asks for the Python object os\.system/,
  ],
  [
    'one layer too many in config.json',
    edit('config.json', (json) => ({ ...json, encoder_layers: 3 })),
    /has 2 layers under encoder\.layers, but encoder_layers in config\.json is 3/,
  ],
  [
    'a table of token distances that goes beyond the biases',
    (folder) => {
      const plain = variant('plain');
      writeVariantCheckpoint(folder, plain);
      const buckets = { dtype: 'int64' as const, shape: [128, 128], data: new Array<number>(128 ** 2).fill(63) };
      const entries = [...archiveTensors(plain), ['encoder.token_rp_bucket', buckets] as const];
      writeTorchArchive(path.join(folder, 'pytorch_model.bin'), entries);
    },
    /encoder\.token_rp_bucket refers to entry 63 of tables that have 63: it is damaged\.$/m,
  ],
  [
    'fewer text positions than config.json lists',
    edit('config.json', (json) => ({ ...json, max_position_embeddings: 1024 })),
    /encoder\.embed_positions\.weight has shape \[258, 64\], but its configuration requires \[1026, 64\]/,
  ],
  [
    'too few text positions for a prompt',
    edit('config.json', (json) => ({ ...json, max_position_embeddings: 7 })),
    /^max_position_embeddings 7 leaves no token of the prompt for the hypothesis, which comes after 5: at least 8\.$/m,
  ],
  [
    'too few tokens for a prompt',
    edit('configuration.json', (json) => ({ ...json, model: { ...(json['model'] as object), max_src_length: 5 } })),
    /^max_src_length 5 leaves no token of the prompt for the hypothesis, which comes after 5: at least 6\.$/m,
  ],
  [
    'a vocabulary larger than the token table',
    edit('vocab.json', (json) => {
      const size = Object.keys(json).length;
      const extra = Array.from({ length: 200 }, (_, at) => [`<extra_${at}>`, size + at] as const);
      return { ...json, ...Object.fromEntries(extra) };
    }),
    /vocab\.json has \d+ tokens, but the model's table has only 400 rows/,
  ],
  [
    'a vocabulary without its control tokens',
    edit('vocab.json', (json) => Object.fromEntries(Object.entries(json).filter(([token]) => token !== '</s>'))),
    /vocab/,
  ],
  ['use_ofasys', edit('config.json', (json) => ({ ...json, use_ofasys: true })), /use_ofasys/],
  [
    'merges in UTF-16',
    async (folder) => {
      const file = path.join(folder, 'merges.txt');
      await writeFile(file, `\ufeff${await readFile(file, 'utf8')}`, 'utf16le');
    },
    /no readable merges\.txt: it is not UTF-8; save it in that encoding/,
  ],
  ['a malformed merge', (folder) => writeFile(path.join(folder, 'merges.txt'), '#version: 0.2\nx y z\n'), /merges/],
];

describe('a broken checkpoint causes one sentence and exit code 1, and nothing is executed or left behind', () => {
  test.each(BROKEN)('%s', async (_name, damage, sentence) => {
    const folder = tempFolder();
    const checkpoint = path.join(folder, 'checkpoint');
    await cp(FIXTURE, checkpoint, { recursive: true });
    await damage(checkpoint);
    const result = await ofaVe(['compile', checkpoint, path.join(folder, 'package')]);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(result.stderr).toMatch(/[.]\n$/);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(await readdir(folder)).toEqual(['checkpoint']);
    expect(await readdir(checkpoint)).not.toContain('canary');
  });
});

describe('wrong usage', () => {
  test.each([
    [['compile'], /missing required argument 'checkpoint-folder'/],
    [['compile', 'a', 'b', '--precision', 'int4'], /Allowed choices are fp32, fp16/],
    [['compile', 'a', 'b', '--max-text-tokens', '0'], /whole number of at least 1/],
    [['compile', 'a', 'b', '--nope'], /unknown option '--nope'/],
    [['nope'], /unknown command 'nope'/],
    [['help', 'serv'], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [['help', 'batch', 'nope'], /unknown command 'nope'/],
    [['help', 'batch', 'merg'], /unknown command 'merg'\n\(Did you mean merge\?\)/],
    [['help', 'inspect', 'nope'], /unknown command 'inspect nope'/],
    [['batch', 'merg', 'results', '--output', 'all.jsonl'], /unknown command 'merg'\n\(Did you mean merge\?\)/],
    [['batch', 'rows.csv', '--output', 'results'], /unknown command 'rows.csv'/],
    [['batch', 'help'], /unknown command 'help'/],
    [['batch', '--input', 'a.csv', 'b.csv', '--output', 'results'], /unexpected argument 'b.csv'.* pattern in quotes/],
    [['inspect'], /missing required argument 'package-folder'/],
  ])('%j exits with 2 and an explanation', async (args, sentence) => {
    const result = await ofaVe(args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  test('--help and --version exit with 0', async () => {
    const help = await ofaVe(['compile', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/--precision <type>/);
    expect(await ofaVe(['help', 'compile'])).toEqual(help);
    expect((await ofaVe(['help', 'batch', 'merge'])).stdout).toMatch(/^Usage: ofa-ve batch merge /);
    expect(await ofaVe(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  test('more text tokens than the model has positions', async () => {
    const target = path.join(tempFolder(), 'package');
    const result = await ofaVe(['compile', FIXTURE, target, '--max-text-tokens', '300']);
    expect(result).toMatchObject({
      code: 2,
      stderr: "--max-text-tokens 300 is more than the model's positions allow: at most 254.\n",
    });
  });

  test.each<[CompileOptions, RegExp]>([
    [{ name: '' }, /^The model's name \(--name\), "", must be one line of at most 300 characters, without spaces/],
    [{ name: 'a\nb' }, /^The model's name/],
    [{ name: ' a' }, /^The model's name/],
    [{ knows: '' }, /^What the model knows \(--knows\) must be one sentence/],
    [{ maxTextTokens: 0 }, /^The longest prompt in tokens \(--max-text-tokens\) must be a whole number above 0\.$/],
    [{ maxTextTokens: 7.5 }, /^The longest prompt/],
    [
      { maxTextTokens: 5 },
      /^--max-text-tokens 5 leaves no token of the prompt for the hypothesis, which comes after 5: at least 6\.$/,
    ],
  ])('options %j, which would make a package that cannot be read or used', async (options, message) => {
    const target = path.join(tempFolder(), 'package');
    await expect(compileCheckpoint(FIXTURE, target, options)).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringMatching(message) as string,
    });
  });

  test('the fewest text tokens tell hypotheses apart', async () => {
    const target = path.join(tempFolder(), 'package');
    await compileCheckpoint(FIXTURE, target, { maxTextTokens: 6 });
    const { manifest } = await openPackage(target);
    const tokenizer = loadTokenizer(await readFile(path.join(target, 'tokenizer.json'), 'utf8'));
    const [one, other] = ['a dog', 'two dogs'].map((text) => encodePrompt(tokenizer, manifest.text, text).ids);
    expect(one).not.toEqual(other);
  });

  test('a full disk is called that', async () => {
    const folder = tempFolder();
    const onProgress = (): void => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
    };
    const target = path.join(folder, 'package');
    await expect(compileCheckpoint(FIXTURE, target, { onProgress })).rejects.toMatchObject({
      code: 'disk-full',
      message: `Cannot write ${target}: the disk is full.`,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test('an existing folder is not replaced without --force, and with it only if it is a package', async () => {
    const target = path.join(tempFolder(), 'package');
    await mkdir(target);
    await writeFile(path.join(target, 'mine'), 'kept');
    const refused = await ofaVe(['compile', FIXTURE, target]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: `${target} exists already: choose another folder, or replace it with --force.\n`,
    });
    const forced = await ofaVe(['compile', FIXTURE, target, '--force']);
    expect(forced.stderr).toBe(
      `${target} is not a model package (it has no manifest.json), so --force does not replace it: choose another folder.\n`,
    );
    expect(await readdir(target)).toEqual(['mine']);
  });

  test('the file of the weights instead of their folder', async () => {
    const file = path.join(FIXTURE, 'pytorch_model.bin');
    const { code, stderr } = await ofaVe(['compile', file, path.join(tempFolder(), 'package')]);
    expect([code, stderr]).toEqual([
      1,
      `${file} is a file; give the checkpoint folder, in which config.json is beside the weights.\n`,
    ]);
  });

  test.each([
    ['', 'package', 'The path of the checkpoint folder is empty.'],
    [FIXTURE, '', 'The path of the package folder is empty.'],
  ])('an empty path, as of a variable that is not set: %j %j', async (checkpoint, target, message) => {
    await expect(compileCheckpoint(checkpoint, target)).rejects.toMatchObject({ message });
  });

  test('a target whose name cannot be given is refused before anything is computed', async () => {
    const folder = tempFolder();
    const link = path.join(folder, 'link');
    await symlink('missing', link);
    const missing = path.join(folder, 'checkpoint');
    for (const replace of [false, true]) {
      await expect(compileCheckpoint(missing, link, { replace })).rejects.toMatchObject({
        code: 'package-exists',
        message: `${link} is a symbolic link to what is not there: remove the link, or choose another folder.`,
      });
    }
    const long = path.join(folder, 'x'.repeat(256));
    await expect(compileCheckpoint(missing, long)).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `Cannot write ${long}: the path, or a name in it, is too long.`,
    });
  });
});
