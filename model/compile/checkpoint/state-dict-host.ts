import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { type Dtype, ELEMENT_BYTES } from './dtype.ts';
import { PickleError } from './pickle-reader.ts';
import { Global, Tuple, type PickleHost } from './pickle.ts';
import { MAX_RANK, type StridedView } from './tensor.ts';

/** A storage that a pickle refers to. Its bytes are outside the pickle. */
export class StorageRecord {
  /** Name of the element type. */
  readonly type: string;
  /** The element type, if it is supported. */
  readonly dtype: Dtype | undefined;
  readonly key: string;
  readonly elements: number;

  constructor(type: string, key: string, elements: number) {
    this.type = type;
    this.dtype = Object.hasOwn(ELEMENT_BYTES, type) ? (type as Dtype) : undefined;
    this.key = key;
    this.elements = elements;
  }
}

/** A tensor as a pickle describes it: a view of a storage that has not been validated. */
export class TensorRecord {
  readonly storage: StorageRecord;
  readonly dtype: Dtype;
  readonly view: StridedView;

  constructor(storage: StorageRecord, dtype: Dtype, view: StridedView) {
    this.storage = storage;
    this.dtype = dtype;
    this.view = view;
  }
}

/** A tensor that cannot be compiled. */
export class UnsupportedTensor {
  /** Completes the sentence 'the tensor is ...'. */
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** Element types of those of PyTorch's storage classes that are not named after them. */
const STORAGE_TYPES: ReadonlyMap<string, string> = new Map([
  ['Float', 'float32'],
  ['Half', 'float16'],
  ['Double', 'float64'],
  ['Long', 'int64'],
  ['Int', 'int32'],
  ['Short', 'int16'],
  ['Char', 'int8'],
  ['Byte', 'uint8'],
  ['ComplexFloat', 'complex64'],
  ['ComplexDouble', 'complex128'],
]);

/** The element type of a storage class, such as `torch.FloatStorage`. */
function storageType(name: string): string | undefined {
  const short = /^torch\.(?:storage\.)?([A-Z]\w*)Storage$/.exec(name)?.[1];
  return short === undefined ? undefined : (STORAGE_TYPES.get(short) ?? short.toLowerCase());
}

/** Element types and kinds of quantization. They are only names: nothing in this module calls them. */
const TYPE_NAME = /^torch\.((?:q?u?int|b?float|complex|bits)\d\w*|bool|per_(?:tensor|channel)_affine\w*)$/;

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

/**
 * Arguments: storage, offset, size, stride, requires_grad, backward hooks, and in newer versions a dictionary that says
 * whether the tensor is a view whose values PyTorch negates as it reads them.
 */
function rebuildTensor(args: readonly unknown[]): TensorRecord | UnsupportedTensor {
  const [storage, offset, shape, strides, , , flags] = args;
  if (!(storage instanceof StorageRecord)) throw new PickleError('a tensor has no storage');
  if (storage.dtype === undefined) return new UnsupportedTensor(`of type ${storage.type}`);
  if (flags instanceof Map && flags.get('neg') === true) return new UnsupportedTensor('a negated view (resolve_neg)');
  return new TensorRecord(storage, storage.dtype, {
    offset: count(offset, 'offset'),
    shape: counts(shape, 'size'),
    strides: counts(strides, 'stride'),
  });
}

/** Arguments: data, requires_grad, backward hooks. A parameter is its tensor. */
function rebuildParameter(args: readonly unknown[]): unknown {
  const [data] = args;
  if (data instanceof TensorRecord || data instanceof UnsupportedTensor) return data;
  throw new PickleError('a parameter has no tensor');
}

/** The name of an element type that is an argument. */
function typeName(value: unknown): string {
  return (value instanceof Global ? TYPE_NAME.exec(value.name)?.[1] : undefined) ?? 'of an unknown type';
}

/** Arguments: layout, and a tuple with the tensors of indices, the tensor of values, and the size. */
function rebuildSparse(args: readonly unknown[]): UnsupportedTensor {
  const [, data] = args;
  const parts = data instanceof Tuple ? data.items.filter((item) => item instanceof TensorRecord) : [];
  return new UnsupportedTensor(`sparse (${parts.at(-1)?.dtype ?? 'of an unknown type'})`);
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
  // Tensors that are refused by their names, which are known only where they are put into a dictionary. _v3 is for
  // element types without a storage class, such as those of 8-bit floats.
  ['torch._utils._rebuild_tensor_v3', (args) => new UnsupportedTensor(`of type ${typeName(args[6])}`)],
  [
    'torch._utils._rebuild_qtensor',
    ([storage]) => new UnsupportedTensor(`quantized (${storage instanceof StorageRecord ? storage.type : '?'})`),
  ],
  ['torch._utils._rebuild_sparse_tensor', rebuildSparse],
  ['torch._utils._rebuild_sparse_csr_tensor', rebuildSparse],
  [
    'torch._utils._rebuild_meta_tensor_no_storage',
    ([type]) => new UnsupportedTensor(`on the device meta (${typeName(type)}), without values`),
  ],
  ['torch.serialization._get_layout', ([name]) => name],
  ['torch.Size', ([sizes]) => sizes],
]);

/** Allows only what a state dict consists of. */
export class StateDictHost implements PickleHost {
  /** Every storage that the pickle refers to, by its key. */
  readonly storages = new Map<string, StorageRecord>();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  allow({ name }: Global): void {
    if (CALLS.has(name) || storageType(name) !== undefined || TYPE_NAME.test(name)) return;
    throw new UserError(
      'checkpoint-unsafe',
      `${this.#path} asks for the Python object ${shorten(name)}, which weights do not need. It was refused and ` +
        'nothing was executed; expected is a file that torch.save(model.state_dict(), path) wrote.',
    );
  }

  call(global: Global, args: readonly unknown[]): unknown {
    const call = CALLS.get(global.name);
    if (call === undefined) throw new PickleError(`${global.name} is called`);
    return call(args);
  }

  /**
   * A tuple: 'storage', the storage's class, its key, its device, its number of elements. PyTorch before 1.6 adds None,
   * or a view of the storage before 0.4.
   */
  persistent(id: unknown): StorageRecord {
    const items = id instanceof Tuple ? id.items : [];
    const [kind, type, key, , elements, view = null] = items;
    const name = type instanceof Global ? storageType(type.name) : undefined;
    if (
      kind !== 'storage' ||
      items.length < 5 ||
      items.length > 6 ||
      view !== null ||
      name === undefined ||
      typeof key !== 'string'
    ) {
      throw new PickleError('a persistent id is not a storage');
    }
    const storage = new StorageRecord(name, key, count(elements, 'storage'));
    this.storages.set(key, storage);
    return storage;
  }

  /** Ignores the attributes of dictionaries: state dicts have some, such as `_metadata`. */
  setState(target: unknown): void {
    if (!(target instanceof Map)) throw new PickleError('a state is set on something other than a dictionary');
  }
}
