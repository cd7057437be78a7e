import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compileCheckpoint } from '../../../model/compile/compile.ts';
import type { Manifest } from '../../../model/package/manifest.ts';
import { archiveTensors } from '../../../testing/checkpoint-layout.ts';
import { variant, writeVariantCheckpoint } from '../../../testing/checkpoints.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { type ArchiveTensor, writeTorchArchive } from '../../../testing/torch-archive.ts';

const MODEL = variant('odd tensors');
const TABLES = ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight', 'decoder.output_projection.weight'];

/** Undefined leaves the tensor out. */
type Change = (name: string, tensor: ArchiveTensor) => readonly [string, ArchiveTensor] | undefined;

/** The model's checkpoint with changed tensors and fields of its config.json. */
function checkpoint(change: Change, fields: object = {}): string {
  const folder = join(tempFolder(), 'checkpoint');
  mkdirSync(folder);
  writeVariantCheckpoint(folder, MODEL);
  const tensors = archiveTensors(MODEL).flatMap(([name, tensor]) => {
    const changed = change(name, tensor);
    return changed === undefined ? [] : [changed];
  });
  writeTorchArchive(join(folder, 'pytorch_model.bin'), tensors);
  const config = join(folder, 'config.json');
  writeFileSync(config, JSON.stringify({ ...(JSON.parse(readFileSync(config, 'utf8')) as object), ...fields }));
  return folder;
}

async function compile(
  folder: string,
  notes: string[] = [],
  precision: Manifest['precision'] = 'fp32',
): Promise<Manifest> {
  return compileCheckpoint(folder, join(tempFolder(), 'package'), { precision, onNote: (note) => notes.push(note) });
}

/** The values of a tensor that is tied to no other. */
function valuesOf({ data = [] }: ArchiveTensor): number[] {
  return [...(typeof data === 'function' ? data() : data)].map(Number);
}

/** The file has a copy of the token table under each of its names; `differs` names one with other values. */
function untied(differs?: string): Change {
  const [, table] = archiveTensors(MODEL).find(([name]) => name === TABLES[0]) ?? [];
  if (table === undefined) throw new Error('The variant has no token table.');
  const values = valuesOf(table);
  return (name, tensor) =>
    TABLES.includes(name)
      ? [name, { ...table, data: values.map((value, at) => (name === differs && at > 9000 ? value + 1 : value)) }]
      : [name, tensor];
}

describe('the token table under several names', () => {
  test('is one in the package if the values are the same', async () => {
    const tied = await compile(checkpoint((name, tensor) => [name, tensor]));
    const copies = await compile(checkpoint(untied()));
    expect([copies.files, copies.graph.parameters]).toEqual([tied.files, tied.graph.parameters]);
  });

  test.each([
    [
      'decoder.embed_tokens.weight',
      "The checkpoint's tensors encoder.embed_tokens.weight and decoder.embed_tokens.weight differ, but OFA has one table " +
        'for the encoder and the decoder: a model that was trained with two is not supported.',
    ],
    [
      'decoder.output_projection.weight',
      "The checkpoint's tensors encoder.embed_tokens.weight and decoder.output_projection.weight differ, but " +
        'share_decoder_input_output_embed, which is true in config.json or by default, makes them one: set it to false if the ' +
        'model was trained with an output projection of its own.',
    ],
  ])('is refused if %s has other values', async (name, message) => {
    await expect(compile(checkpoint(untied(name)))).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message,
    });
  });

  test('may differ from an output projection of its own', async () => {
    const folder = checkpoint(untied(TABLES[2]), { share_decoder_input_output_embed: false });
    const notes: string[] = [];
    await compile(folder, notes);
    expect(notes).toEqual([]);
  });
});

test.each([NaN, Infinity, -Infinity])('a value %d is refused by the name of its tensor', async (value) => {
  // The row of a token that no case of the self-test has.
  const odd: Change = (name, tensor) => {
    if (name !== TABLES[0]) return [name, tensor];
    return [name, { ...tensor, data: valuesOf(tensor).map((each, at) => (at === 399 * 32 ? value : each)) }];
  };
  await expect(compile(checkpoint(odd))).rejects.toMatchObject({
    code: 'checkpoint-unreadable',
    message: `The checkpoint's tensor encoder.embed_tokens.weight holds ${value}: it is damaged, or its training diverged.`,
  });
});

test.each(['fp32', 'fp16'] as const)(
  'a negative variance is refused by the name of its tensor for %s',
  async (precision) => {
    const variance = 'encoder.embed_images.layer1.0.bn2.running_var';
    const odd: Change = (name, tensor) => [
      name,
      name === variance ? { ...tensor, data: valuesOf(tensor).map((each, at) => (at === 1 ? -0.5 : each)) } : tensor,
    ];
    await expect(compile(checkpoint(odd), [], precision)).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: `The checkpoint's tensor ${variance} holds -0.5, but a variance cannot be negative: it is damaged.`,
    });
  },
);

test.each(['int8', 'uint8', 'int32'] as const)(
  'a weight of type %s is refused, as its scale is unknown',
  async (dtype) => {
    const quantized: Change = (name, tensor) => {
      if (name !== 'encoder.layers.0.fc1.weight') return [name, tensor];
      return [name, { ...tensor, dtype, data: valuesOf(tensor).map((value) => Math.abs(Math.round(value * 100))) }];
    };
    await expect(compile(checkpoint(quantized))).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message:
        `The checkpoint's tensor encoder.layers.0.fc1.weight holds values of type ${dtype}, as in a quantized model; supported ` +
        'are float32, float16, bfloat16, float64: compile the weights from before they were quantized.',
    });
  },
);

describe('a tensor that not every model has', () => {
  test.each([
    ['encoder.embed_images.layer1.0.downsample.0.weight', /no tensor \S+, which its configuration requires\.$/],
    ['encoder.embed_images.layer3.0.downsample.0.weight', /no tensor \S+, which its configuration requires\.$/],
    ['encoder.layers.0.self_attn.c_attn', /no tensor \S+, although other attentions have theirs\.$/],
    ['decoder.layers.1.cross_attn.c_attn', /no tensor \S+, although other attentions have theirs\.$/],
  ])('is missed where this one needs it: %s', async (missing, message) => {
    const folder = checkpoint((name, tensor) => (name === missing ? undefined : [name, tensor]));
    const refusal = compile(folder);
    await expect(refusal).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message: expect.stringMatching(message) as string,
    });
    await expect(refusal).rejects.toThrow(missing);
  });

  test('is missed with all others of its stage of the trunk', async () => {
    const folder = checkpoint((name, tensor) => (name.includes('.layer3.') ? undefined : [name, tensor]));
    await expect(compile(folder)).rejects.toMatchObject({
      code: 'checkpoint-incomplete',
      message:
        'The checkpoint has no tensor encoder.embed_images.layer3.0.conv1.weight, which its configuration requires.',
    });
  });

  test('may be the factors of heads, which then are ones', async () => {
    const isFactor = (name: string): boolean => name.endsWith('.c_attn');
    const without = await compile(checkpoint((name, tensor) => (isFactor(name) ? undefined : [name, tensor])));
    const ones = await compile(
      checkpoint((name, tensor) => [name, isFactor(name) ? { ...tensor, data: [1, 1, 1, 1] } : tensor]),
    );
    expect(without.files).toEqual(ones.files);
  });
});

test("fairseq's names are refused as such", async () => {
  const folder = checkpoint((name, tensor) => [
    name
      .replace('self_attn_mid_layer_norm', 'attn_ln')
      .replace('ffn_layer_norm', 'ffn_layernorm')
      .replace('cross_attn', 'encoder_attn'),
    tensor,
  ]);
  const notes: string[] = [];
  await expect(compile(folder, notes)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(
      /^The checkpoint has fairseq's names of tensors, such as encoder\.layers\.0\.attn_ln\.weight; supported are /,
    ) as string,
  });
  expect(notes).toEqual([]);
});

test('a long name is shortened where it is an example of unknown ones', async () => {
  const folder = checkpoint((name, tensor) =>
    TABLES.includes(name) ? undefined : [`${'x'.repeat(300)}${name}`, tensor],
  );
  await expect(compile(folder)).rejects.toMatchObject({
    code: 'checkpoint-unsupported',
    message: expect.stringMatching(
      /^The checkpoint has no tensors under encoder\.layers, but .{1,250}…\S+: save /,
    ) as string,
  });
});

test('tensors that config.json turns off are left out with a note', async () => {
  const notes: string[] = [];
  await compile(
    checkpoint((name, tensor) => [name, tensor], { normformer: false }),
    notes,
  );
  expect(notes).toEqual([
    'normformer is false in config.json or by default, so that tensors of the checkpoint are left out, 20 in all, such as ' +
      'encoder.layers.0.self_attn_mid_layer_norm.weight: correct config.json if the model was trained with them.',
  ]);
});
