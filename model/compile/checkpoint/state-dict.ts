import { UserError } from '../../errors.ts';
import type { Dtype } from './dtype.ts';
import { PickleError } from './pickle-reader.ts';
import { Global, readPickle, Tuple, type PickleHost } from './pickle.ts';
import { MAX_RANK, type StridedView } from './tensor.ts';

/** A storage that a pickle refers to. Its bytes are outside the pickle. */
export class StorageRecord {
  readonly dtype: Dtype;
  readonly key: string;
  readonly elements: number;

  constructor(dtype: Dtype, key: string, elements: number) {
    this.dtype = dtype;
    this.key = key;
    this.elements = elements;
  }
}

/** A tensor as a pickle describes it: a view of a storage that has not been validated. */
export class TensorRecord {
  readonly storage: StorageRecord;
  readonly view: StridedView;

  constructor(storage: StorageRecord, view: StridedView) {
    this.storage = storage;
    this.view = view;
  }
}

const STORAGES: ReadonlyMap<string, Dtype> = new Map([
  ['torch.FloatStorage', 'float32'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.DoubleStorage', 'float64'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
]);

function counts(value: unknown, what: string): number[] {
  if (!(value instanceof Tuple) || value.items.length > MAX_RANK)
    throw new PickleError(`the ${what} of a tensor is not a tuple of at most ${MAX_RANK} items`);
  return value.items.map((item) => count(item, what));
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new PickleError(`the ${what} of a tensor is not a non-negative integer`);
  }
  return value;
}

/** Arguments: storage, offset, size, stride, requires_grad, backward hooks, and metadata in newer versions. */
function rebuildTensor(args: readonly unknown[]): TensorRecord {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof StorageRecord)) throw new PickleError('a tensor has no storage');
  return new TensorRecord(storage, {
    offset: count(offset, 'offset'),
    shape: counts(shape, 'size'),
    strides: counts(strides, 'stride'),
  });
}

/** Arguments: data, requires_grad, backward hooks. A parameter is its tensor. */
function rebuildParameter(args: readonly unknown[]): TensorRecord {
  const [data] = args;
  if (!(data instanceof TensorRecord)) throw new PickleError('a parameter has no tensor');
  return data;
}

function newDictionary(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0) throw new PickleError('an OrderedDict is created with arguments');
  return new Map();
}

type Call = (args: readonly unknown[]) => unknown;
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', newDictionary],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
]);

/** At most 80 characters without control characters, safe to show in a message. */
function printable(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return line.length > 80 ? `${line.slice(0, 80)}...` : line;
}

/** Allows only what a state dict consists of. */
class StateDictHost implements PickleHost {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  allow({ name }: Global): void {
    if (CALLS.has(name) || STORAGES.has(name)) return;
    throw new UserError(
      'checkpoint-unsafe',
      `${this.#path} asks for the Python object ${printable(name)}, which weights do not need. It was refused and ` +
        'nothing was executed; expected is a file that torch.save(model.state_dict(), path) wrote.',
    );
  }

  call(global: Global, args: readonly unknown[]): unknown {
    const call = CALLS.get(global.name);
    if (call === undefined) throw new PickleError(`${global.name} is called`);
    return call(args);
  }

  /** A tuple: 'storage', the storage's class, its key, its device, its number of elements. */
  persistent(id: unknown): StorageRecord {
    const items = id instanceof Tuple ? id.items : [];
    const [kind, type, key, , elements] = items;
    const dtype = type instanceof Global ? STORAGES.get(type.name) : undefined;
    if (kind !== 'storage' || items.length !== 5 || dtype === undefined || typeof key !== 'string') {
      throw new PickleError('a persistent id is not a storage');
    }
    return new StorageRecord(dtype, key, count(elements, 'storage'));
  }

  /** Ignores the attributes of dictionaries: state dicts have some, such as `_metadata`. */
  setState(target: unknown): void {
    if (!(target instanceof Map)) throw new PickleError('a state is set on something other than a dictionary');
  }
}

/** The dictionary of tensors: the whole pickle, or its entry `state_dict` or `model`. */
function findDictionary(root: unknown): unknown {
  if (!(root instanceof Map)) return root;
  return [root.get('state_dict'), root.get('model')].find((inner) => inner instanceof Map) ?? root;
}

function findTensors(root: unknown): Map<string, TensorRecord> {
  const tensors = new Map<string, TensorRecord>();
  const dictionary = findDictionary(root);
  for (const [name, value] of dictionary instanceof Map ? (dictionary as Map<unknown, unknown>) : []) {
    if (typeof name === 'string' && value instanceof TensorRecord) tensors.set(name, value);
  }
  if (tensors.size === 0) throw new PickleError('it is not a dictionary of tensors');
  return tensors;
}

/**
 * Reads the tensors of a pickled state dict. Other entries are ignored.
 *
 * @param path of the checkpoint, for error messages
 * @throws UserError (checkpoint-unsafe) naming the first global that is not allowed; (checkpoint-unreadable) if
 *   the bytes are not a pickle or contain no tensors
 */
export function readStateDict(path: string, bytes: Uint8Array): Map<string, TensorRecord> {
  try {
    return findTensors(readPickle(bytes, new StateDictHost(path)));
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
