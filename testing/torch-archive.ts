import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import type { Dtype } from '../model/compile/checkpoint/dtype.ts';
import { encodeElements } from './elements.ts';
import { PickleWriter } from './pickle-writer.ts';
import { ZipWriter, type ZipOptions } from './zip.ts';

/** A tensor to be written. */
export interface ArchiveTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /**
   * The storage: values, or bytes as they are (Uint8Array). A function is called when its turn comes, so that
   * only one storage is in memory at a time. Left out for a tensor that is `tiedTo` another.
   */
  readonly data?: StorageData | (() => StorageData);
  /** In elements; row-major without gaps by default. */
  readonly strides?: readonly number[];
  /** First element in the storage. */
  readonly offset?: number;
  /** Name of an earlier tensor whose storage this one shows. */
  readonly tiedTo?: string;
}

/** Contents of a storage. */
type StorageData = Uint8Array | Float32Array | readonly number[];

/** Deviations of an archive from what torch.save writes today. */
export interface ArchiveOptions extends ZipOptions {
  /** First part of the entries' names. */
  readonly root?: string;
  /** In place of the pickled state dict. */
  readonly pickle?: Uint8Array;
  /** Around the state dict: pickled as a dictionary with this key, or with dictionaries in each other: `a.b`. */
  readonly wrapIn?: string;
  /** Wrap each tensor as a torch.nn.Parameter. */
  readonly parameters?: boolean;
  /** Further entries, by name without the root. */
  readonly extra?: Readonly<Record<string, Uint8Array>>;
}

const STORAGE_TYPES: Readonly<Record<Dtype, string>> = {
  float32: 'FloatStorage',
  float16: 'HalfStorage',
  bfloat16: 'BFloat16Storage',
  float64: 'DoubleStorage',
  int64: 'LongStorage',
  int32: 'IntStorage',
  int16: 'ShortStorage',
  int8: 'CharStorage',
  uint8: 'ByteStorage',
  bool: 'BoolStorage',
};

const SAFETENSORS_TYPES: Readonly<Record<Dtype, string>> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint8: 'U8',
  bool: 'BOOL',
};

const BYTES: Readonly<Record<Dtype, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};

interface Placed {
  readonly key: string;
  readonly elements: number;
  readonly dtype: Dtype;
}

function bytesOf(tensor: ArchiveTensor): Uint8Array {
  const data = typeof tensor.data === 'function' ? tensor.data() : tensor.data;
  if (data === undefined) throw new Error('a tensor has neither data nor a tensor to which it is tied');
  return data instanceof Uint8Array ? data : encodeElements(tensor.dtype, data);
}

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, d) => shape.slice(d + 1).reduce((product, size) => product * size, 1));
}

function pickleTensor(
  pickle: PickleWriter,
  name: string,
  tensor: ArchiveTensor,
  at: Placed,
  { parameters, legacy }: StateDictOptions,
): void {
  pickle.text(name);
  if (parameters === true) pickle.global('torch._utils', '_rebuild_parameter').mark();
  pickle.global('torch._utils', '_rebuild_tensor_v2').mark();
  pickle.storage(STORAGE_TYPES[at.dtype], at.key, at.elements, legacy).int(tensor.offset ?? 0);
  pickle.ints(tensor.shape).ints(tensor.strides ?? rowMajor(tensor.shape));
  pickle.false().orderedDict().tuple().reduce();
  if (parameters === true) pickle.true().orderedDict().tuple().reduce();
}

type StateDictOptions = Pick<ArchiveOptions, 'wrapIn' | 'parameters'> & { readonly legacy?: boolean };

/**
 * Pickles `tensors` as torch.save pickles a state dict.
 *
 * @param store called for each storage in turn
 */
function pickleStateDict(
  tensors: Iterable<readonly [string, ArchiveTensor]>,
  store: (key: string, bytes: Uint8Array, elements: number) => void,
  options: StateDictOptions,
): Uint8Array {
  const placed = new Map<string, Placed>();
  const pickle = new PickleWriter().proto();
  const wrappers = options.wrapIn?.split('.') ?? [];
  for (const wrapper of wrappers) pickle.emptyDict().mark().text('epoch').int(3).text(wrapper);
  pickle.orderedDict().mark();
  for (const [name, tensor] of tensors) {
    let at = placed.get(tensor.tiedTo ?? '');
    if (at === undefined) {
      const bytes = bytesOf(tensor);
      at = { key: String(placed.size), elements: bytes.length / BYTES[tensor.dtype], dtype: tensor.dtype };
      store(at.key, bytes, at.elements);
    }
    placed.set(name, at);
    pickleTensor(pickle, name, tensor, at, options);
  }
  pickle.setItems();
  // torch.nn.Module.state_dict() hangs `_metadata` on its dictionary, which is pickled as a state.
  pickle.emptyDict().mark().text('_metadata').orderedDict().setItems().build();
  wrappers.forEach(() => pickle.setItems());
  return pickle.finish();
}

/**
 * Writes `tensors` as torch.save writes a state dict. Storages are written as they come, so that a generator
 * can produce a checkpoint that is larger than memory.
 */
export function writeTorchArchive(
  path: string,
  tensors: Iterable<readonly [string, ArchiveTensor]>,
  options: ArchiveOptions = {},
): void {
  const zip = new ZipWriter(path, options);
  const root = options.root ?? 'pytorch_model';
  const store = (key: string, bytes: Uint8Array): void => {
    zip.add(`${root}/data/${key}`, bytes);
  };
  const pickle = pickleStateDict(tensors, store, options);
  zip.add(`${root}/data.pkl`, options.pickle ?? pickle);
  zip.add(`${root}/version`, Buffer.from('3\n'));
  for (const [name, data] of Object.entries(options.extra ?? {})) zip.add(`${root}/${name}`, data);
  zip.close();
}

/** Deviations of a file from what PyTorch before 1.6 wrote. */
export interface LegacyOptions extends StateDictOptions {
  readonly version?: number;
  readonly bigEndian?: boolean;
  /** In place of the pickled state dict. */
  readonly pickle?: Uint8Array;
  /** In place of the pickled list of the storages' keys. */
  readonly keys?: Uint8Array;
}

/** Writes `tensors` as torch.save wrote a state dict before PyTorch 1.6, and does with the new format turned off. */
export function writeLegacyArchive(
  path: string,
  tensors: Iterable<readonly [string, ArchiveTensor]>,
  options: LegacyOptions = {},
): void {
  const storages: Buffer[] = [];
  const keys = new PickleWriter().proto().emptyList().mark();
  const store = (key: string, bytes: Uint8Array, elements: number): void => {
    keys.text(key);
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(elements));
    storages.push(count, Buffer.from(bytes));
  };
  const state = pickleStateDict(tensors, store, { ...options, legacy: true });
  const machine = new PickleWriter().proto().emptyDict().mark().text('protocol_version').int(1001);
  machine.text('little_endian');
  if (options.bigEndian === true) machine.false();
  else machine.true();
  const parts = [
    Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1'),
    new PickleWriter()
      .proto()
      .int(options.version ?? 1001)
      .finish(),
    machine.setItems().finish(),
    options.pickle ?? state,
    options.keys ?? keys.appends().finish(),
    ...storages,
  ];
  writeFileSync(path, Buffer.concat(parts));
}

/** Writes `tensors`, which must be row-major without gaps and untied, as a safetensors file. */
export function writeSafetensors(path: string, tensors: Iterable<readonly [string, ArchiveTensor]>): void {
  const all = [...tensors];
  let end = 0;
  const entries = all.map(([name, { dtype, shape }]) => {
    const start = end;
    end += BYTES[dtype] * shape.reduce((product, size) => product * size, 1);
    return [name, { dtype: SAFETENSORS_TYPES[dtype], shape, data_offsets: [start, end] }] as const;
  });
  const header = { __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) };
  const fd = openSync(path, 'w');
  writeSafetensorsHeader(fd, JSON.stringify(header));
  for (const [, tensor] of all) writeSync(fd, bytesOf(tensor));
  closeSync(fd);
}

/** The length and the JSON of a safetensors header. */
export function writeSafetensorsHeader(fd: number, json: string): void {
  const text = Buffer.from(json);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeSync(fd, length);
  writeSync(fd, text);
}
