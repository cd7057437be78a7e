import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { ELEMENT_BYTES } from './dtype.ts';
import type { FileSource } from './file-source.ts';
import { PickleError, PickleReader } from './pickle-reader.ts';
import { readPickle } from './pickle.ts';
import { StateDictHost, TensorRecord, UnsupportedTensor } from './state-dict-host.ts';
import { checkView, type StoredTensor } from './tensor.ts';

/** Entries of a training checkpoint that may hold the weights, in order of preference. */
const WRAPPERS = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'ema'];
/** Most wrappers around each other, such as `model` in `state_dict`. Bounds the work for a dictionary in itself. */
const MAX_WRAPPERS = 3;

type Entries = Map<string, TensorRecord | UnsupportedTensor>;

/** The tensors of a dictionary: of the first wrapper in it that has some, or its own. */
function findEntries(dictionary: unknown, depth = 0): Entries | undefined {
  if (!(dictionary instanceof Map)) return undefined;
  for (const wrapper of depth < MAX_WRAPPERS ? WRAPPERS : []) {
    const inner = findEntries(dictionary.get(wrapper), depth + 1);
    if (inner !== undefined) return inner;
  }
  const entries: Entries = new Map();
  for (const [name, value] of dictionary as Map<unknown, unknown>) {
    const isTensor = value instanceof TensorRecord || value instanceof UnsupportedTensor;
    if (typeof name === 'string' && isTensor) entries.set(name, value);
  }
  return entries.size > 0 ? entries : undefined;
}

/** @throws UserError (checkpoint-unsupported) naming the first tensor that cannot be compiled */
function findTensors(path: string, root: unknown): Map<string, TensorRecord> {
  const tensors = new Map<string, TensorRecord>();
  for (const [name, value] of findEntries(root) ?? []) {
    if (value instanceof UnsupportedTensor) {
      throw new UserError(
        'checkpoint-unsupported',
        `${path} has a tensor ${shorten(name)} that is ${value.what}; supported are dense tensors with values of type ` +
          `${Object.keys(ELEMENT_BYTES).join(', ')}: convert it with PyTorch and save the checkpoint again.`,
      );
    }
    tensors.set(name, value);
  }
  if (tensors.size === 0) throw new PickleError('it is not a dictionary of tensors');
  return tensors;
}

/**
 * Reads the tensors of a pickled state dict, and leaves the reader after it. Other entries are ignored.
 *
 * @param path of the checkpoint, for error messages
 * @throws UserError (checkpoint-unsafe) naming the first global that is not allowed; (checkpoint-unsupported) naming
 *   the first tensor that cannot be compiled; PickleError
 */
export function readTensorRecords(path: string, reader: PickleReader, host: StateDictHost): Map<string, TensorRecord> {
  return findTensors(path, readPickle(reader, host));
}

/**
 * Runs what reads pickles, and describes their damage.
 *
 * @throws UserError (checkpoint-unreadable) instead of a PickleError; anything else that `read` throws
 */
export function readingPickles<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new UserError(
      'checkpoint-unreadable',
      `${path} does not hold a PyTorch state dict (${error.message}); expected is a file that ` +
        'torch.save(model.state_dict(), path) wrote.',
      { cause: error },
    );
  }
}

/**
 * Reads the tensors of a pickled state dict. Other entries are ignored.
 *
 * @param path of the checkpoint, for error messages
 * @throws UserError as {@link readTensorRecords} and {@link readingPickles} do
 */
export function readStateDict(path: string, bytes: Uint8Array): Map<string, TensorRecord> {
  return readingPickles(path, () => readTensorRecords(path, new PickleReader(bytes), new StateDictHost(path)));
}

/**
 * The tensor of a record whose storage starts at `position` of the file.
 *
 * @throws UserError (checkpoint-unreadable) if the record reaches outside its storage
 */
export function locateTensor(
  source: FileSource,
  position: number,
  name: string,
  { storage, dtype, view }: TensorRecord,
): StoredTensor {
  checkView(`The tensor ${shorten(name)} in ${source.path}`, view, storage.elements);
  const identity = [storage.key, dtype, view.offset, view.shape, view.strides].join(':');
  return { info: { name, dtype, shape: view.shape, storage: identity }, source, position, view };
}
