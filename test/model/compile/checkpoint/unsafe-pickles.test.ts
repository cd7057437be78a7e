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
