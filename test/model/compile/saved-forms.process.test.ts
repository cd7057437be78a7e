import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import type { CompileOptions } from '../../../model/compile/compile-options.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { archiveTensors } from '../../../testing/checkpoint-layout.ts';
import { variant, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { ofaVe } from '../../../testing/cli.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { type ArchiveTensor, writeLegacyArchive, writeTorchArchive } from '../../../testing/torch-archive.ts';

const FILE = 'pytorch_model.bin';
const MODEL = variant('saved in many forms', {});
const ONE: ArchiveTensor = { dtype: 'float32', shape: [1], data: [1] };

/** The model's checkpoint as it is published, and the files of its package. */
const published = { folder: '', files: [] as Manifest['files'] };

beforeAll(async () => {
  published.folder = join(tempFolder(), 'published');
  writeVariantCheckpoint(published.folder, MODEL);
  published.files = (await compile(published.folder)).files;
});

async function compile(folder: string, options: CompileOptions = {}): Promise<Manifest> {
  return compileCheckpoint(folder, join(tempFolder(), 'package'), options);
}

/** A copy of the checkpoint whose weights another function writes. */
function saved(write: (file: string, tensors: (readonly [string, ArchiveTensor])[]) => void): string {
  const folder = join(tempFolder(), 'checkpoint');
  cpSync(published.folder, folder, { recursive: true });
  rmSync(join(folder, FILE));
  write(join(folder, FILE), archiveTensors(MODEL));
  return folder;
}

function prefixed(tensors: readonly (readonly [string, ArchiveTensor])[], prefix: string): [string, ArchiveTensor][] {
  return tensors.map(([name, { tiedTo, ...tensor }]) => [
    `${prefix}${name}`,
    { ...tensor, ...(tiedTo !== undefined && { tiedTo: `${prefix}${tiedTo}` }) },
  ]);
}

describe('a checkpoint compiles to the same bytes', () => {
  test.each(['module.', '_orig_mod.', 'model.', 'module._orig_mod.model.'])(
    'with the prefix %s, which is reported',
    async (prefix) => {
      const folder = saved((file, tensors) => {
        writeTorchArchive(file, prefixed(tensors, prefix));
      });
      const notes: string[] = [];
      const { files } = await compile(folder, { onNote: (note) => notes.push(note) });
      expect(files).toEqual(published.files);
      expect(notes).toEqual([`The names of the tensors in ${folder} begin with ${prefix}, which was stripped.`]);
    },
  );

  test.each([
    [['_orig_mod.'], '_orig_mod., which was'],
    [['_fsdp_wrapped_module.', '_orig_mod.'], '_fsdp_wrapped_module. and _orig_mod., which were'],
  ])('with the wrappers %j around each layer, which are reported', async (wrappers, reported) => {
    const folder = saved((file, tensors) => {
      const wrap = (name: string): string => name.replace(/layers\.\d+\./, `$&${wrappers.join('')}`);
      writeTorchArchive(
        file,
        tensors.map(([name, tensor]) => [wrap(name), tensor]),
      );
    });
    const notes: string[] = [];
    const { files } = await compile(folder, { onNote: (note) => notes.push(note) });
    expect(files).toEqual(published.files);
    expect(notes).toEqual([`The names of the tensors in ${folder} contain ${reported} stripped.`]);
  });

  test('with tensors that OFA does not have, which are reported as left out', async () => {
    const folder = saved((file, tensors) => {
      const added = ['in', 'out'].map((part) => [`encoder.head.${part}`, ONE] as const);
      writeTorchArchive(file, [...tensors, ...added]);
    });
    const notes: string[] = [];
    const { files } = await compile(folder, { onNote: (note) => notes.push(note) });
    expect(files).toEqual(published.files);
    expect(notes).toEqual([
      `${folder} has tensors that OFA does not have, 2 in all, such as encoder.head.in: they are left out. ` +
        'If the model was trained with them, its answers will differ.',
    ]);
  });

  test.each(['model_state_dict', 'module', 'net', 'ema', 'state_dict.model'])(
    'as %s in a dictionary',
    async (wrapIn) => {
      const folder = saved((file, tensors) => {
        writeTorchArchive(file, tensors, { wrapIn });
      });
      const { files } = await compile(folder, { onNote: (note) => expect.fail(note) });
      expect(files).toEqual(published.files);
    },
  );

  test('in the format from before PyTorch 1.6', async () => {
    const folder = saved((file, tensors) => {
      writeLegacyArchive(file, prefixed(tensors, 'module.'), { wrapIn: 'model', parameters: true });
    });
    expect((await compile(folder)).files).toEqual(published.files);
  });

  test("behind the links of a cache, and is named after the cache's repository", async () => {
    const repository = join(tempFolder(), 'models', 'owner--mini-model');
    const snapshot = join(repository, 'snapshots', 'master');
    cpSync(published.folder, join(repository, 'blobs'), { recursive: true });
    mkdirSync(snapshot, { recursive: true });
    for (const [at, name] of readdirSync(join(repository, 'blobs')).entries()) {
      renameSync(join(repository, 'blobs', name), join(repository, 'blobs', `blob-${at}`));
      symlinkSync(`../../blobs/blob-${at}`, join(snapshot, name));
    }
    const manifest = await compile(snapshot);
    expect(manifest.files).toEqual(published.files);
    expect(manifest.name).toBe('mini-model');
    expect(manifest.source.files.map(({ name }) => name)).toContain(FILE);
  });
});

test.each([
  [
    'around the model',
    'ofa.',
    /no tensors under encoder\.layers, but others such as ofa\.encoder\.layers\.0\.\S+: save the state dict of the OFA model itself/,
  ],
  ['in the model', 'decoder.', /no tensors under encoder\.layers, but others such as decoder\.encoder\.layers\.0\./],
])('a module %s is refused by a name', async (_, prefix, message) => {
  const folder = saved((file, tensors) => {
    writeTorchArchive(file, prefixed(tensors, prefix));
  });
  await expect(compile(folder)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(message) as string,
  });
});

test.each([
  ['loralib', '', 'encoder.layers.0.self_attn.q_proj.lora_A'],
  ['PEFT', 'base_model.model.', 'base_model.model.encoder.layers.0.self_attn.q_proj.lora_B.default.weight'],
  ['PEFT, for IA3', 'base_model.model.', 'base_model.model.decoder.layers.1.fc1.ia3_l.default'],
  ['bottlenecks', '', 'encoder.layers.0.adapter.down.weight'],
])('weights with an adapter of %s beside them are refused', async (_, prefix, name) => {
  const folder = saved((file, tensors) => {
    writeTorchArchive(file, [...prefixed(tensors, prefix), [name, ONE]]);
  });
  await expect(compile(folder)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message:
      `The checkpoint has tensors of an adapter such as LoRA, 1 in all, such as ${name}: merge it into the weights, as ` +
      "PEFT's merge_and_unload does, and save them without it.",
  });
});

test('ofa-ve compile prints what it stripped', async () => {
  const folder = saved((file, tensors) => {
    writeTorchArchive(file, prefixed(tensors, 'module.'));
  });
  const { code, stderr } = await ofaVe(['compile', folder, join(tempFolder(), 'package')]);
  expect(code).toBe(0);
  expect(stderr).toContain(`The names of the tensors in ${folder} begin with module., which was stripped.\n`);
});
