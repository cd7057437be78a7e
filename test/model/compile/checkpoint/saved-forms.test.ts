import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStateDict } from '../../../../model/compile/checkpoint/state-dict.ts';
import { openWeights, type Weights } from '../../../../model/compile/checkpoint/weights.ts';
import { PickleWriter } from '../../../../testing/pickle-writer.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { writeSafetensors, writeTorchArchive } from '../../../../testing/torch-archive.ts';
import { open, square } from './open-weights.ts';

const FILE = 'pytorch_model.bin';

async function archive(names: readonly string[], wrapIn?: string): Promise<Weights> {
  const folder = tempFolder();
  const tensors = names.map((name) => [name, square] as const);
  writeTorchArchive(join(folder, FILE), tensors, wrapIn === undefined ? {} : { wrapIn });
  return open(folder);
}

describe('the wrapper of a training checkpoint', () => {
  test.each([
    'state_dict',
    'model_state_dict',
    'model',
    'module',
    'net',
    'ema',
    'state_dict.model',
    'model.module.state_dict',
  ])('%s is found', async (wrapIn) => {
    const { tensors } = await archive(['encoder.a', 'decoder.b'], wrapIn);
    expect([...tensors.keys()]).toEqual(['encoder.a', 'decoder.b']);
  });

  test('with another name is no state dict', async () => {
    await expect(archive(['encoder.a'], 'optimizer')).rejects.toMatchObject({
      code: 'checkpoint-unreadable',
      message: expect.stringMatching(/it is not a dictionary of tensors/) as string,
    });
  });

  test('is found to three levels', async () => {
    await expect(archive(['encoder.a'], 'model.module.state_dict.net')).rejects.toThrow(/not a dictionary of tensors/);
  });

  test('is passed over if it has no tensors with names', () => {
    const pickle = new PickleWriter().proto().emptyDict().mark().text('state_dict').emptyDict().mark().int(1);
    tensor(pickle, 'FloatStorage').setItems().text('model').emptyDict().mark().text('encoder.w');
    tensor(pickle, 'FloatStorage').setItems().setItems();
    expect([...readStateDict('model.bin', pickle.finish()).keys()]).toEqual(['encoder.w']);
  });

  test('may be one that holds itself', () => {
    // memo 0 = {}; memo 0['model'] = memo 0
    const pickle = new PickleWriter().proto().emptyDict().raw(0x71, 0).text('model').raw(0x68, 0, 0x73).finish();
    expect(() => readStateDict('model.bin', pickle)).toThrow(/it is not a dictionary of tensors/);
  });
});

describe('a prefix of all names', () => {
  test.each([
    'module.',
    '_orig_mod.',
    'model.',
    '_fsdp_wrapped_module.',
    'module._orig_mod.',
    '_orig_mod.module.model.',
  ])('%s is stripped', async (prefix) => {
    const weights = await archive([`${prefix}encoder.a`, `${prefix}decoder.b`]);
    expect(weights.prefix).toBe(prefix);
    expect([...weights.tensors.keys()]).toEqual(['encoder.a', 'decoder.b']);
    expect(weights.tensors.get('encoder.a')?.name).toBe('encoder.a');
    expect([...(await weights.read('encoder.a'))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each([
    ['_orig_mod.', 'encoder.layers.0._orig_mod.fc1.bias', ''],
    ['_checkpoint_wrapped_module.', 'encoder.layers.0._checkpoint_wrapped_module.fc1.bias', ''],
    ['_fsdp_wrapped_module.', 'module.encoder.layers._fsdp_wrapped_module.0.fc1.bias', 'module.'],
  ])('or a wrapper inside, %s, is stripped', async (wrapper, name, prefix) => {
    const weights = await archive([name, `${prefix}decoder.b`]);
    expect(weights).toMatchObject({ prefix, wrappers: [wrapper] });
    expect([...weights.tensors.keys()]).toEqual(['encoder.layers.0.fc1.bias', 'decoder.b']);
    expect(weights.tensors.get('encoder.layers.0.fc1.bias')?.name).toBe('encoder.layers.0.fc1.bias');
  });

  test('is stripped in safetensors, too', async () => {
    const folder = tempFolder();
    writeSafetensors(join(folder, 'model.safetensors'), [['module.encoder.a', square]]);
    const weights = await open(folder);
    expect([weights.prefix, ...weights.tensors.keys()]).toEqual(['module.', 'encoder.a']);
  });

  test('leaves other names alone', async () => {
    const weights = await archive(['criterion.weight', 'module.encoder.a', 'module.head']);
    expect([...weights.tensors.keys()]).toEqual(['criterion.weight', 'encoder.a', 'head']);
  });

  test('is none if there are names without it', async () => {
    const names = ['encoder.a', 'model.encoder.a'];
    const weights = await archive(names);
    expect([weights.prefix, ...weights.tensors.keys()]).toEqual(['', ...names]);
  });
});

/** A tensor as PyTorch 2.15 pickles it; 1.13 pickles those that it has alike. */
function tensor(pickle: PickleWriter, type: string): PickleWriter {
  pickle.global('torch._utils', '_rebuild_tensor_v2').mark().storage(type, '0', 6).int(0);
  return pickle.ints([2, 3]).ints([3, 1]).false().orderedDict().tuple().reduce();
}

test('a tensor with a flag that is off is like any other', () => {
  const pickle = new PickleWriter().proto().emptyDict().mark().text('encoder.w');
  pickle.global('torch._utils', '_rebuild_tensor_v2').mark().storage('FloatStorage', '0', 6).int(0);
  pickle.ints([2, 3]).ints([3, 1]).false().orderedDict();
  pickle.emptyDict().mark().text('neg').false().setItems().tuple().reduce().setItems();
  expect([...readStateDict('model.bin', pickle.finish()).keys()]).toEqual(['encoder.w']);
});

function layout(pickle: PickleWriter, name: string): PickleWriter {
  return pickle.global('torch.serialization', '_get_layout').mark().text(name).tuple().reduce();
}

const UNSUPPORTED: readonly [string, string, (pickle: PickleWriter) => PickleWriter][] = [
  [
    'an 8-bit float',
    'of type float8_e4m3fn',
    (pickle) => {
      pickle.global('torch._utils', '_rebuild_tensor_v3').mark();
      pickle.mark().text('storage').global('torch.storage', 'UntypedStorage').text('0').text('cpu').int(6);
      pickle.tuple().persistentId().int(0).ints([2, 3]).ints([3, 1]).false().orderedDict();
      return pickle.global('torch', 'float8_e4m3fn').tuple().reduce();
    },
  ],
  [
    'a view with its sign to be changed',
    'a negated view (resolve_neg)',
    (pickle) => {
      pickle.global('torch._utils', '_rebuild_tensor_v2').mark().storage('FloatStorage', '0', 6).int(0);
      pickle.ints([2, 3]).ints([3, 1]).false().orderedDict();
      return pickle.emptyDict().mark().text('neg').true().setItems().tuple().reduce();
    },
  ],
  ['a complex number', 'of type complex64', (pickle) => tensor(pickle, 'ComplexFloatStorage')],
  [
    'a quantized parameter',
    'quantized (qint8)',
    (pickle) => {
      pickle.global('torch._utils', '_rebuild_parameter').mark();
      pickle.global('torch._utils', '_rebuild_qtensor').mark().storage('QInt8Storage', '0', 6).int(0);
      pickle.ints([2, 3]).ints([3, 1]).mark().global('torch', 'per_tensor_affine').int(1).int(0).tuple();
      pickle.false().orderedDict().tuple().reduce();
      return pickle.true().orderedDict().tuple().reduce();
    },
  ],
  [
    'a sparse tensor',
    'sparse (float16)',
    (pickle) => {
      layout(pickle.global('torch._utils', '_rebuild_sparse_tensor').mark(), 'torch.sparse_coo').mark();
      tensor(tensor(pickle, 'LongStorage'), 'HalfStorage');
      pickle.global('torch', 'Size').mark().ints([2, 3]).tuple().reduce().false();
      return pickle.tuple().tuple().reduce();
    },
  ],
  [
    'a sparse tensor by rows',
    'sparse (float32)',
    (pickle) => {
      layout(pickle.global('torch._utils', '_rebuild_sparse_csr_tensor').mark(), 'torch.sparse_csr').mark();
      tensor(tensor(tensor(pickle, 'LongStorage'), 'LongStorage'), 'FloatStorage');
      pickle.global('torch', 'Size').mark().ints([2, 3]).tuple().reduce();
      return pickle.tuple().tuple().reduce();
    },
  ],
  [
    'a tensor without values',
    'on the device meta (bfloat16), without values',
    (pickle) => {
      pickle.global('torch._utils', '_rebuild_meta_tensor_no_storage').mark().global('torch', 'bfloat16');
      return pickle.ints([2, 3]).ints([3, 1]).false().tuple().reduce();
    },
  ],
];

describe('a tensor that cannot be compiled is refused by its name and type', () => {
  test.each(UNSUPPORTED)('%s', (_, what, put) => {
    const pickle = put(new PickleWriter().proto().emptyDict().mark().text('encoder.w')).setItems().finish();
    expect(() => readStateDict('model.bin', pickle)).toThrow(
      expect.objectContaining({
        code: 'checkpoint-unsupported',
        message:
          `model.bin has a tensor encoder.w that is ${what}; supported are dense tensors with values of type float32, ` +
          'float16, bfloat16, float64, int64, int32, int16, int8, uint8, bool: convert it with PyTorch and save the ' +
          'checkpoint again.',
      }),
    );
  });

  test.each(UNSUPPORTED)('%s beside the weights does not matter', (_, __, put) => {
    const pickle = new PickleWriter().proto().emptyDict().mark().text('optimizer');
    put(pickle.emptyDict().mark().text('state')).setItems().text('model').emptyDict().mark().text('encoder.w');
    tensor(pickle, 'FloatStorage').setItems().setItems();
    expect([...readStateDict('model.bin', pickle.finish()).keys()]).toEqual(['encoder.w']);
  });

  test('an 8-bit float in safetensors', async () => {
    const folder = tempFolder();
    const header = Buffer.from(JSON.stringify({ 'encoder.w': { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(join(folder, 'model.safetensors'), Buffer.concat([length, header, Buffer.alloc(1)]));
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unsupported',
      message: expect.stringMatching(/has a tensor encoder\.w of type F8_E4M3; supported are F32, /) as string,
    });
  });
});
