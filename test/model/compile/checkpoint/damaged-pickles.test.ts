import { describe, expect, test } from 'vitest';
import { readStateDict } from '../../../../model/compile/checkpoint/state-dict.ts';
import { PickleWriter } from '../../../../testing/pickle-writer.ts';

const read = (bytes: Uint8Array): ReturnType<typeof readStateDict> => readStateDict('model.bin', bytes);

/** A state dict with one tensor, around what `put` adds before it. */
function dictionary(put: (pickle: PickleWriter) => PickleWriter): Uint8Array {
  const pickle = put(new PickleWriter().proto().orderedDict().mark()).text('w');
  pickle.global('torch._utils', '_rebuild_tensor_v2').mark().storage('FloatStorage', '0', 1).int(0);
  return pickle.ints([1]).ints([1]).false().orderedDict().tuple().reduce().setItems().finish();
}

describe('a pickle that is not a plain state dict', () => {
  const ordered = new PickleWriter().proto().orderedDict();
  const storageItems = new PickleWriter()
    .global('torch', 'FloatStorage')
    .text('0')
    .text('cpu')
    .int(1)
    .finish()
    .subarray(0, -1);
  test.each([
    [
      'a call of a string',
      'something other than a global is called',
      new PickleWriter().text('f').emptyTuple().reduce().finish(),
    ],
    [
      'a call of a class of storages',
      'torch.FloatStorage is called',
      new PickleWriter().global('torch', 'FloatStorage').emptyTuple().reduce().finish(),
    ],
    [
      'a call with a list',
      'the arguments of collections.OrderedDict are not a tuple',
      new PickleWriter().global('collections', 'OrderedDict').raw(0x5d).reduce().finish(),
    ],
    [
      'a dictionary made with arguments',
      'an OrderedDict is created with arguments',
      new PickleWriter().global('collections', 'OrderedDict').mark().emptyTuple().tuple().reduce().finish(),
    ],
    [
      'a class whose module is a number',
      'a global has no name',
      new PickleWriter().int(1).text('x').raw(0x93).finish(),
    ],
    [
      'NEWOBJ',
      'opcode 0x81 is not plain data',
      new PickleWriter().global('collections', 'OrderedDict').emptyTuple().raw(0x81).finish(),
    ],
    [
      'OBJ',
      'opcode 0x6f is not plain data',
      new PickleWriter().mark().global('collections', 'OrderedDict').raw(0x6f).finish(),
    ],
    ['EXT1', 'opcode 0x82 is not plain data', new PickleWriter().raw(0x82, 1).finish()],
    [
      'a state of a number',
      'a state is set on something other than a dictionary',
      new PickleWriter().int(1).emptyDict().build().finish(),
    ],
    [
      'a state of a class',
      'a state is set on something other than a dictionary',
      new PickleWriter().global('torch', 'FloatStorage').emptyDict().build().finish(),
    ],
    [
      'a persistent id that is a string',
      'a persistent id is not a storage',
      new PickleWriter().text('storage').persistentId().finish(),
    ],
    [
      'a persistent id of another kind',
      'a persistent id is not a storage',
      new PickleWriter().mark().text('module').tuple().persistentId().finish(),
    ],
    [
      'a tensor without a storage',
      'a tensor has no storage',
      new PickleWriter().global('torch._utils', '_rebuild_tensor_v2').emptyTuple().reduce().finish(),
    ],
    [
      'an offset that is not whole',
      'the offset of a tensor is not a non-negative integer',
      new PickleWriter()
        .global('torch._utils', '_rebuild_tensor_v2')
        .mark()
        .storage('FloatStorage', '0', 1)
        // BINFLOAT 0.5
        .raw(0x47, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0)
        .ints([1])
        .ints([1])
        .tuple()
        .reduce()
        .finish(),
    ],
    [
      'a size of -1',
      'the size of a tensor is not a non-negative integer',
      new PickleWriter()
        .global('torch._utils', '_rebuild_tensor_v2')
        .mark()
        .storage('FloatStorage', '0', 1)
        .int(0)
        .mark()
        // LONG1 of one byte
        .raw(0x8a, 1, 0xff)
        .tuple()
        .ints([1])
        .tuple()
        .reduce()
        .finish(),
    ],
    [
      'a persistent id of something else with all that a storage has',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('module')
        .raw(...storageItems)
        .tuple()
        .persistentId()
        .finish(),
    ],
    [
      'a storage without a number of elements',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('storage')
        .global('torch', 'FloatStorage')
        .text('0')
        .text('cpu')
        .tuple()
        .persistentId()
        .finish(),
    ],
    [
      'a storage without a class',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('storage')
        .global('torch', 'float32')
        .text('0')
        .text('cpu')
        .int(1)
        .tuple()
        .persistentId()
        .finish(),
    ],
    [
      'a storage without a key',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('storage')
        .global('torch', 'FloatStorage')
        .int(0)
        .text('cpu')
        .int(1)
        .tuple()
        .persistentId()
        .finish(),
    ],
    [
      'a storage with a view, as before PyTorch 0.4',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('storage')
        .raw(...storageItems)
        .emptyTuple()
        .tuple()
        .persistentId()
        .finish(),
    ],
    [
      'a storage with seven items',
      'a persistent id is not a storage',
      new PickleWriter()
        .mark()
        .text('storage')
        .raw(...storageItems)
        .none()
        .none()
        .tuple()
        .persistentId()
        .finish(),
    ],
    ['a class whose name has no end', 'a name has no end', new PickleWriter().raw(0x63).finish()],
    [
      'a class with a name of two thousand characters',
      'a name has no end',
      new PickleWriter().global('x'.repeat(2000), 'y').finish(),
    ],
    [
      'a parameter without a tensor',
      'a parameter has no tensor',
      new PickleWriter().global('torch._utils', '_rebuild_parameter').emptyTuple().reduce().finish(),
    ],
    ['a dictionary without tensors', 'it is not a dictionary of tensors', ordered.finish()],
    [
      'a dictionary that holds itself as model',
      'it is not a dictionary of tensors',
      new PickleWriter().emptyDict().raw(0x71, 0).mark().text('model').raw(0x68, 0).setItems().finish(),
    ],
    [
      'bytes of a negative length',
      'it ends prematurely',
      new PickleWriter().raw(0x42, 0xfb, 0xff, 0xff, 0xff).finish(),
    ],
    ['a string of 2^63 bytes', 'it ends prematurely', new PickleWriter().raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80).finish()],
    ['a string that is not UTF-8', 'a string is not UTF-8', new PickleWriter().raw(0x8c, 1, 0xff).finish()],
    ['an empty stack', 'a value is missing', new PickleWriter().raw(0x30).finish()],
    ['a tuple without a mark', 'a mark is missing', new PickleWriter().tuple().finish()],
    ['a mark as a value', 'a value is missing after a mark', new PickleWriter().mark().raw(0x71, 0).finish()],
    ['an empty memo entry', 'the memo has no entry 9', new PickleWriter().raw(0x68, 9).finish()],
    [
      'an item set on a list',
      'an item is set on something other than a dictionary',
      new PickleWriter().raw(0x5d).mark().text('a').int(1).setItems().finish(),
    ],
    [
      'a key without a value',
      'a key has no value',
      new PickleWriter().emptyDict().mark().text('a').setItems().finish(),
    ],
    [
      'an item appended to a dictionary',
      'an item is appended to something other than a list',
      new PickleWriter().emptyDict().int(1).raw(0x61).finish(),
    ],
    ['protocol 6', 'protocol 6 is newer than 5', new PickleWriter().proto(6).int(1).finish()],
    ['a pickle without an end', 'it ends prematurely', Buffer.from([0x80, 2])],
    ['an empty pickle', 'it ends prematurely', new Uint8Array(0)],
  ])('is rejected: %s', (_, reason, bytes) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({
        name: 'UserError',
        code: 'checkpoint-unreadable',
        message:
          `model.bin does not hold a PyTorch state dict (${reason}); expected is a file that ` +
          'torch.save(model.state_dict(), path) wrote.',
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
    const bytes = dictionary((pickle) => {
      // BINFLOAT 0.5
      pickle.text('epoch').int(3).text('name').text('x').text('loss').raw(0x47, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0);
      return pickle.text('betas').ints([1, 2]).text('groups').emptyList().mark().none().true().appends();
    });
    expect([...read(bytes).keys()]).toEqual(['w']);
  });

  test('may have lengths of 8 bytes, and names that begin with a byte order mark', () => {
    const bytes = dictionary((pickle) => {
      // BINUNICODE8 and BINBYTES8
      pickle.raw(0x8d, 1, 0, 0, 0, 0, 0, 0, 0, 0x61).raw(0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2);
      pickle.text('\ufeffw').global('torch._utils', '_rebuild_tensor_v2').mark().storage('FloatStorage', '1', 1).int(0);
      return pickle.ints([1]).ints([1]).false().orderedDict().tuple().reduce();
    });
    expect([...read(bytes).keys()]).toEqual(['\ufeffw', 'w']);
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
