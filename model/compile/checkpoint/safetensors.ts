import { z } from 'zod';
import { shorten } from '../../echo.ts';
import { UserError } from '../../errors.ts';
import { elementCount } from '../shape.ts';
import { ELEMENT_BYTES, type Dtype } from './dtype.ts';
import type { FileSource } from './file-source.ts';
import { foreignFile, HEAD_BYTES, isTorchFile } from './foreign-file.ts';
import { contiguousStrides, MAX_RANK, type OpenedTensors, openTensors, type StoredTensor } from './tensor.ts';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

const DTYPES: ReadonlyMap<string, Dtype> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F64', 'float64'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

const countSchema = z.number().int().nonnegative();
const headerSchema = z.record(z.string(), z.unknown());
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(countSchema).max(MAX_RANK),
  data_offsets: z.tuple([countSchema, countSchema]),
});

function damaged(path: string, what: string, cause?: unknown): UserError {
  const message = `${path} is not a valid safetensors file: ${what}.`;
  return new UserError('checkpoint-unreadable', message, { cause });
}

/** Rejects a file of another format, saying what it is and what to do. */
function refuseOtherFormats(path: string, head: Uint8Array): void {
  const what =
    foreignFile(head) ??
    (isTorchFile(head) ? 'is a file of torch.save, not of safetensors; name it pytorch_model.bin.' : undefined);
  if (what !== undefined) throw new UserError('checkpoint-unreadable', `${path} ${what}`);
}

/** Reads the header: its length in 8 bytes, then JSON. */
async function readHeader(source: FileSource): Promise<{ header: Map<string, unknown>; dataStart: number }> {
  const { path, size } = source;
  refuseOtherFormats(path, await source.read(0, Math.min(HEAD_BYTES, size)));
  const lengthBytes = await source.read(0, 8);
  const length = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw damaged(path, `its header claims to have ${length} bytes`);
  const bytes = await source.read(8, length);
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return { header: new Map(Object.entries(headerSchema.parse(json))), dataStart: 8 + length };
  } catch (error) {
    throw damaged(path, 'its header is not a JSON object', error);
  }
}

function readEntry(source: FileSource, dataStart: number, name: string, value: unknown): StoredTensor {
  const { path } = source;
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    throw damaged(path, `its tensor ${shorten(name)} lacks a dtype, shape or data_offsets`, parsed.error);
  }
  const { shape } = parsed.data;
  const dtype = DTYPES.get(parsed.data.dtype);
  if (dtype === undefined) {
    throw new UserError(
      'checkpoint-unsupported',
      `${path} has a tensor ${shorten(name)} of type ${shorten(parsed.data.dtype)}; supported are ${[...DTYPES.keys()].join(', ')}.`,
    );
  }
  const [start, end] = parsed.data.data_offsets;
  const bytes = elementCount(shape) * ELEMENT_BYTES[dtype];
  if (end - start !== bytes) {
    throw damaged(path, `its tensor ${shorten(name)} has ${end - start} bytes but its shape needs ${bytes}`);
  }
  if (dataStart + end > source.size) {
    throw new UserError(
      'checkpoint-incomplete',
      `${path} is truncated: the tensor ${shorten(name)} extends past the end of the file; download it again.`,
    );
  }
  const position = dataStart + start;
  const info = { name, dtype, shape, storage: [position, dtype, shape].join(':') };
  return { info, source, position, view: { offset: 0, shape, strides: contiguousStrides(shape) } };
}

/** The format forbids tensors to overlap, because overlapping ones could hide other data. */
function checkOverlap(path: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  let end = 0;
  for (const tensor of [...tensors.values()].sort((a, b) => a.position - b.position)) {
    const bytes = elementCount(tensor.info.shape) * ELEMENT_BYTES[tensor.info.dtype];
    if (bytes > 0 && tensor.position < end)
      throw damaged(path, `its tensor ${shorten(tensor.info.name)} overlaps another`);
    end = Math.max(end, tensor.position + bytes);
  }
}

async function readTensors(source: FileSource): Promise<Map<string, StoredTensor>> {
  const { header, dataStart } = await readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of header) {
    if (name !== '__metadata__') tensors.set(name, readEntry(source, dataStart, name, value));
  }
  if (tensors.size === 0) throw damaged(source.path, 'it has no tensors');
  checkOverlap(source.path, tensors);
  return tensors;
}

/**
 * Opens a safetensors file.
 *
 * @throws UserError if the file is damaged or has an element type that is not supported
 */
export function openSafetensors(path: string): Promise<OpenedTensors> {
  return openTensors(path, readTensors);
}
