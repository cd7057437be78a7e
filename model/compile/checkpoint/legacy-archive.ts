import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { ELEMENT_BYTES } from './dtype.ts';
import type { FileSource } from './file-source.ts';
import { PickleError, PickleReader } from './pickle-reader.ts';
import { readPickle } from './pickle.ts';
import { locateTensor, readingPickles, readTensorRecords } from './state-dict.ts';
import { StateDictHost, type StorageRecord, type TensorRecord } from './state-dict-host.ts';
import type { StoredTensor } from './tensor.ts';

/** The first pickle of each file. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
/** The second pickle. There has been no other version. */
const VERSION = 1001;
/** The pickles are in these first bytes. Those of OFA-large have 0.2 MB. */
const MAX_PICKLE_BYTES = 2 ** 26;
/** Far more than any checkpoint has: OFA-large has 1,625. */
const MAX_STORAGES = 100_000;

interface Pickles {
  readonly tensors: ReadonlyMap<string, TensorRecord>;
  /** In the order of the file. */
  readonly storages: readonly StorageRecord[];
  /** Byte position of the first storage. */
  readonly end: number;
}

/** Reads the five pickles: magic number, version, properties of the machine, state dict, keys of the storages. */
function readPickles(path: string, bytes: Uint8Array): Pickles {
  const reader = new PickleReader(bytes);
  const host = new StateDictHost(path);
  if (readPickle(reader, host) !== MAGIC) throw new PickleError('it is another pickle');
  if (readPickle(reader, host) !== VERSION) throw new PickleError('its format has another version');
  const machine = readPickle(reader, host);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw new PickleError('it was written on a big-endian machine');
  }
  const tensors = readTensorRecords(path, reader, host);
  const keys = readPickle(reader, host);
  if (!Array.isArray(keys) || keys.length > MAX_STORAGES) throw new PickleError('it has no list of storages');
  const storages = keys.map((key: unknown) => {
    const storage = typeof key === 'string' ? host.storages.get(key) : undefined;
    if (storage === undefined) throw new PickleError('it lists a storage that nothing refers to');
    return storage;
  });
  return { tensors, storages, end: reader.position };
}

/** Positions of the storages by key. Each is preceded by its number of elements, in 8 bytes. */
async function locateStorages(source: FileSource, { storages, end }: Pickles): Promise<Map<string, number>> {
  const positions = new Map<string, number>();
  let position = end;
  for (const { key, dtype, type, elements } of storages) {
    if (dtype === undefined) {
      const message = `${source.path} has values of type ${type}, whose size is unknown; save its weights alone.`;
      throw new UserError('checkpoint-unsupported', message);
    }
    const bytes = await source.read(position, 8);
    const found = new DataView(bytes.buffer).getBigInt64(0, true);
    if (found !== BigInt(elements)) {
      throw new UserError(
        'checkpoint-incomplete',
        `${source.path} is damaged: it has ${found} elements where ${elements} are expected; download it again.`,
      );
    }
    positions.set(key, position + 8);
    position += 8 + elements * ELEMENT_BYTES[dtype];
  }
  if (position <= source.size) return positions;
  throw new UserError(
    'checkpoint-incomplete',
    `${source.path} is truncated: it has ${source.size} bytes but needs ${position}; download it again.`,
  );
}

/**
 * Locates the tensors in the format that PyTorch wrote before version 1.6, and still does if it is asked to.
 *
 * @throws UserError if the file is damaged, unsafe or has another format
 */
export async function readLegacyTensors(source: FileSource): Promise<Map<string, StoredTensor>> {
  const { path, size } = source;
  const bytes = await source.read(0, Math.min(size, MAX_PICKLE_BYTES));
  const pickles = readingPickles(path, () => readPickles(path, bytes));
  const positions = await locateStorages(source, pickles);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, record] of pickles.tensors) {
    const position = positions.get(record.storage.key);
    if (position === undefined) {
      throw new UserError('checkpoint-incomplete', `${path} lacks the values of the tensor ${shorten(name)}.`);
    }
    tensors.set(name, locateTensor(source, position, name, record));
  }
  return tensors;
}
