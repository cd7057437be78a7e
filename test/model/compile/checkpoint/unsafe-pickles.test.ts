import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openWeights } from '../../../../model/compile/checkpoint/weights.ts';
import { readStateDict } from '../../../../model/compile/checkpoint/state-dict.ts';
import { PickleWriter } from '../../../../testing/pickle-writer.ts';
import { tempFolder } from '../../../../testing/temp-folder.ts';
import { writeTorchArchive } from '../../../../testing/torch-archive.ts';

const read = (bytes: Uint8Array): ReturnType<typeof readStateDict> => readStateDict('model.bin', bytes);

/** A state dict with one tensor, around what `put` adds before it. */
function dictionary(put: (pickle: PickleWriter) => PickleWriter): Uint8Array {
  const pickle = put(new PickleWriter().proto().orderedDict().mark()).text('w');
  pickle.global('torch._utils', '_rebuild_tensor_v2').mark().storage('FloatStorage', '0', 1).int(0);
  return pickle.ints([1]).ints([1]).false().orderedDict().tuple().reduce().setItems().finish();
}

describe('a pickle that asks for code', () => {
  const callWith = (pickle: PickleWriter): PickleWriter => pickle.mark().text('touch pwned').tuple().reduce();

  test.each([
    ['a call', 'posix.system', callWith(new PickleWriter().proto().global('posix', 'system')).finish()],
    [
      'a call in protocol 4',
      'builtins.eval',
      callWith(new PickleWriter().proto(4).stackGlobal('builtins', 'eval')).finish(),
    ],
    ['a call in protocol 0', 'os.system', callWith(new PickleWriter().global('os', 'system')).finish()],
    [
      'a call among the tensors',
      'subprocess.Popen',
      dictionary((pickle) => callWith(pickle.text('hook').global('subprocess', 'Popen'))),
    ],
    [
      'a call in the state of the dictionary',
      'builtins.exec',
      callWith(new PickleWriter().proto().orderedDict().emptyDict().mark().text('_metadata').global('builtins', 'exec'))
        .setItems()
        .build()
        .finish(),
    ],
    [
      'INST',
      'os.system',
      Buffer.concat([
        new PickleWriter().mark().text('x').raw(0x69).finish().subarray(0, -1),
        Buffer.from('os\nsystem\n.'),
      ]),
    ],
    ['a class that is never called', 'argparse.Namespace', new PickleWriter().global('argparse', 'Namespace').finish()],
    [
      'an attribute of an allowed object',
      'collections.OrderedDict.__init__',
      new PickleWriter().stackGlobal('collections', 'OrderedDict.__init__').finish(),
    ],
    [
      'an allowed name from another module',
      'evil.torch._utils._rebuild_tensor_v2',
      new PickleWriter().global('evil.torch._utils', '_rebuild_tensor_v2').finish(),
    ],
    [
      'a function of torch that reads files',
      'torch.storage._load_from_bytes',
      new PickleWriter().global('torch.storage', '_load_from_bytes').finish(),
    ],
  ])('is rejected by name: %s', (_, name, bytes) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'checkpoint-unsafe',
        message: expect.stringContaining(`asks for the Python object ${name}, `) as string,
      }),
    );
  });

  test('is rejected in a whole checkpoint, and nothing is executed', async () => {
    const folder = tempFolder();
    const canary = join(folder, 'canary');
    const pickle = new PickleWriter().proto().global('os', 'system').mark().text(`touch ${canary}`);
    writeTorchArchive(join(folder, 'pytorch_model.bin'), [['w', { dtype: 'uint8', shape: [1], data: [1] }]], {
      pickle: pickle.tuple().reduce().finish(),
    });
    await expect(openWeights(folder)).rejects.toMatchObject({
      code: 'checkpoint-unsafe',
      message: expect.stringMatching(/pytorch_model\.bin asks for the Python object os\.system, [^\n]*\.$/) as string,
    });
    expect(existsSync(canary)).toBe(false);
  });

  test('cannot put control characters or very long names into the message', () => {
    const name = `\u001b[31m\n\u2028${'x'.repeat(10_000)}`;
    const message = expect.not.stringMatching(/[\p{Cc}\p{Zl}]|.{500}/u) as string;
    expect(() => read(new PickleWriter().stackGlobal('m', name).finish())).toThrow(
      expect.objectContaining({ code: 'checkpoint-unsafe', message }),
    );
  });
});

describe('a pickle that is not a plain state dict', () => {
  const ordered = new PickleWriter().proto().orderedDict();
  test.each([
    ['a call of a string', new PickleWriter().text('f').emptyTuple().reduce().finish()],
    [
      'a call of a class of storages',
      new PickleWriter().global('torch', 'FloatStorage').emptyTuple().reduce().finish(),
    ],
    ['a call with a list', new PickleWriter().global('collections', 'OrderedDict').raw(0x5d).reduce().finish()],
    [
      'a dictionary made with arguments',
      new PickleWriter().global('collections', 'OrderedDict').mark().emptyTuple().tuple().reduce().finish(),
    ],
    ['NEWOBJ', new PickleWriter().global('collections', 'OrderedDict').emptyTuple().raw(0x81).finish()],
    ['OBJ', new PickleWriter().mark().global('collections', 'OrderedDict').raw(0x6f).finish()],
    ['EXT1', new PickleWriter().raw(0x82, 1).finish()],
    ['a state of a number', new PickleWriter().int(1).emptyDict().build().finish()],
    ['a state of a class', new PickleWriter().global('torch', 'FloatStorage').emptyDict().build().finish()],
    ['a persistent id that is a string', new PickleWriter().text('storage').persistentId().finish()],
    ['a persistent id of another kind', new PickleWriter().mark().text('module').tuple().persistentId().finish()],
    [
      'a tensor without a storage',
      new PickleWriter().global('torch._utils', '_rebuild_tensor_v2').emptyTuple().reduce().finish(),
    ],
    [
      'a parameter without a tensor',
      new PickleWriter().global('torch._utils', '_rebuild_parameter').emptyTuple().reduce().finish(),
    ],
    ['a dictionary without tensors', ordered.finish()],
    [
      'a dictionary that holds itself as model',
      new PickleWriter().emptyDict().raw(0x71, 0).mark().text('model').raw(0x68, 0).setItems().finish(),
    ],
    ['bytes of a negative length', new PickleWriter().raw(0x42, 0xfb, 0xff, 0xff, 0xff).finish()],
    ['a string of 2^63 bytes', new PickleWriter().raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80).finish()],
    ['a string that is not UTF-8', new PickleWriter().raw(0x8c, 1, 0xff).finish()],
    ['an empty stack', new PickleWriter().raw(0x30).finish()],
    ['a tuple without a mark', new PickleWriter().tuple().finish()],
    ['a mark as a value', new PickleWriter().mark().raw(0x71, 0).finish()],
    ['an empty memo entry', new PickleWriter().raw(0x68, 9).finish()],
    ['an item set on a list', new PickleWriter().raw(0x5d).mark().text('a').int(1).setItems().finish()],
    ['a key without a value', new PickleWriter().emptyDict().mark().text('a').setItems().finish()],
    ['an item appended to a dictionary', new PickleWriter().emptyDict().int(1).raw(0x61).finish()],
    ['protocol 6', new PickleWriter().proto(6).int(1).finish()],
    ['a pickle without an end', Buffer.from([0x80, 2])],
    ['an empty pickle', new Uint8Array(0)],
  ])('is rejected: %s', (_, bytes) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'checkpoint-unreadable',
        message: expect.stringMatching(/^model\.bin does not hold a PyTorch state dict \([^\n]*\.$/) as string,
      }),
    );
  });

  test('cannot run forever: the number of instructions is limited', () => {
    expect(() => read(Buffer.alloc(4_000_000, 0x4e))).toThrow(/more than 2000000 instructions/);
  });

  test('cannot reach prototypes: __proto__ is a name like any other', () => {
    const bytes = dictionary((pickle) => {
      pickle.text('__proto__').emptyDict().mark().text('polluted').int(1).setItems();
      return pickle.text('constructor').int(1);
    });
    expect([...read(bytes).keys()]).toEqual(['w']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('may contain other entries besides tensors', () => {
    const bytes = dictionary((pickle) => pickle.text('epoch').int(3).text('name').text('x'));
    expect([...read(bytes).keys()]).toEqual(['w']);
  });

  test('may use protocol 4, with frames, short strings and MEMOIZE', () => {
    const bytes = new PickleWriter().raw(0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0);
    bytes.raw(0x7d, 0x94, 0x8c, 1, 0x77, 0x94).stackGlobal('torch._utils', '_rebuild_tensor_v2').raw(0x94).mark();
    bytes.storage('HalfStorage', '0', 6).raw(0x4b, 0, 0x4b, 2, 0x4b, 3, 0x86, 0x4d, 3, 0, 0x4a, 1, 0, 0, 0, 0x86);
    bytes.raw(0x88).emptyDict().raw(0x4e).tuple().reduce().raw(0x73);
    expect(read(bytes.finish()).get('w')).toMatchObject({
      storage: { dtype: 'float16', key: '0', elements: 6 },
      view: { offset: 0, shape: [2, 3], strides: [3, 1] },
    });
  });
});
