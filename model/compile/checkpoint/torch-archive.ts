import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { ELEMENT_BYTES } from './dtype.ts';
import type { FileSource } from './file-source.ts';
import { foreignFile, HEAD_BYTES, isSafetensors } from './foreign-file.ts';
import { readLegacyTensors } from './legacy-archive.ts';
import { locateTensor, readStateDict } from './state-dict.ts';
import type { TensorRecord } from './state-dict-host.ts';
import { type OpenedTensors, openTensors, type StoredTensor } from './tensor.ts';
import { readZipEntries, type ZipEntry } from './zip.ts';

/** Far more than a state dict needs: that of OFA-large has 0.2 MB. */
const MAX_PICKLE_BYTES = 2 ** 26;

type Entries = ReadonlyMap<string, ZipEntry>;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', at, at + text.length) === text;

/** Rejects a file of another format than PyTorch's, saying what it is and what to do. */
function refuseOtherFormats(source: FileSource, head: Uint8Array): never {
  const refuse = (what: string): never => {
    throw new UserError('checkpoint-unreadable', `${source.path} ${what}`);
  };
  if (isSafetensors(head)) refuse('is a safetensors file, not one of torch.save; name it model.safetensors.');
  // Its first member has one of these names.
  if (
    startsWith(head, 'ustar', 257) &&
    ['sys_info', 'pickle', 'storages', 'tensors'].some((name) => startsWith(head, `${name}\0`))
  ) {
    refuse(
      "is in PyTorch's format from before version 0.1.10; convert it with PyTorch: " +
        "torch.save(torch.load(path, map_location='cpu'), path).",
    );
  }
  const foreign = foreignFile(head);
  if (foreign !== undefined) refuse(foreign);
  return refuse('is not a PyTorch checkpoint; expected is a file that torch.save(model.state_dict(), path) wrote.');
}

/** The prefix of all entries, which torch.save names after the file or `archive`. */
function findRoot(path: string, entries: Entries): string {
  const names = [...entries.keys()];
  const roots = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [first, second] = roots;
  if (first === undefined && names.some((name) => /^[^/]+\/archive_format$/.test(name))) {
    throw new UserError(
      'checkpoint-unreadable',
      `${path} is a program of torch.export; convert it with PyTorch: ` +
        'torch.save(torch.export.load(path).state_dict, path).',
    );
  }
  const inner = names.find((name) => /\.(?:bin|pth?|ckpt|safetensors)$/.test(name));
  if (first === undefined && inner !== undefined) {
    throw new UserError('checkpoint-unreadable', `${path} is a zip archive with ${shorten(inner)} in it; unpack it.`);
  }
  if (first === undefined || second !== undefined) {
    throw new UserError(
      'checkpoint-unreadable',
      `${path} is a zip archive with ${roots.length} entries <name>/data.pkl, but a PyTorch checkpoint has exactly one.`,
    );
  }
  const root = first.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    throw new UserError(
      'checkpoint-unreadable',
      `${path} is a TorchScript program; convert it with PyTorch: ` +
        'torch.save(torch.jit.load(path).state_dict(), path).',
    );
  }
  return root;
}

/** An entry that can be read in place, so it must not be compressed. */
function findStored(source: FileSource, entries: Entries, name: string): ZipEntry | undefined {
  const entry = entries.get(name);
  if (entry?.stored !== false) return entry;
  throw new UserError(
    'checkpoint-unreadable',
    `${source.path} is compressed or encrypted (its entry ${shorten(name)}), but PyTorch does neither; ` +
      'use the file as torch.save wrote it.',
  );
}

async function checkByteOrder(source: FileSource, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return;
  const order = new TextDecoder('latin1').decode(await source.read(entry.position, Math.min(entry.size, 16)));
  if (order.trim() === 'little') return;
  throw new UserError(
    'checkpoint-unreadable',
    `${source.path} was written on a machine with ${order.trim() === 'big' ? 'big-endian' : 'an unknown'} ` +
      'byte order; save it again on a little-endian machine.',
  );
}

async function readPickleEntry(source: FileSource, entry: ZipEntry | undefined): Promise<Uint8Array> {
  if (entry === undefined || entry.size > MAX_PICKLE_BYTES) {
    throw new UserError(
      'checkpoint-unreadable',
      `${source.path} has a data.pkl of ${entry?.size ?? 0} bytes, but at most ${MAX_PICKLE_BYTES} are accepted.`,
    );
  }
  return source.read(entry.position, entry.size);
}

function locate(source: FileSource, root: string, entries: Entries, name: string, record: TensorRecord): StoredTensor {
  const { storage, dtype } = record;
  const entry = findStored(source, entries, `${root}data/${storage.key}`);
  if (entry === undefined) {
    throw new UserError('checkpoint-incomplete', `${source.path} lacks the values of the tensor ${shorten(name)}.`);
  }
  const expected = storage.elements * ELEMENT_BYTES[dtype];
  if (entry.size !== expected) {
    throw new UserError(
      'checkpoint-incomplete',
      `${source.path} holds ${entry.size} bytes for the tensor ${shorten(name)}, whose storage has ${expected}.`,
    );
  }
  return locateTensor(source, entry.position, name, record);
}

async function readTensors(source: FileSource): Promise<Map<string, StoredTensor>> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  if (head[0] === 0x80) return readLegacyTensors(source);
  if (!startsWith(head, 'PK')) refuseOtherFormats(source, head);
  const entries = await readZipEntries(source);
  const root = findRoot(source.path, entries);
  await checkByteOrder(source, findStored(source, entries, `${root}byteorder`));
  const pickle = await readPickleEntry(source, findStored(source, entries, `${root}data.pkl`));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, record] of readStateDict(source.path, pickle)) {
    tensors.set(name, locate(source, root, entries, name, record));
  }
  return tensors;
}

/**
 * Opens a file that `torch.save` wrote: a zip archive with `<root>/data.pkl`, a pickled state dict, and an entry for
 * each storage under `<root>/data/`; or the format from before PyTorch 1.6.
 *
 * @throws UserError if the file is damaged, unsafe or has another format
 */
export function openTorchArchive(path: string): Promise<OpenedTensors> {
  return openTensors(path, readTensors);
}
