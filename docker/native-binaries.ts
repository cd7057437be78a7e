import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** A file of machine code. */
export interface NativeBinary {
  /** Path below the folder that was searched. */
  readonly file: string;
  /** Architecture as in `process.arch`; undefined if the file is none for Linux on x64 or arm64. */
  readonly arch: 'x64' | 'arm64' | undefined;
}

/** Addons of Node.js, and the libraries that they load. */
const NATIVE_FILE = /\.(node|so(\.\d+)*|dll|dylib)$/;

/** `e_machine` of the ELF header: EM_X86_64 and EM_AARCH64. */
const MACHINES: ReadonlyMap<number, 'x64' | 'arm64'> = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);

/** Finds the native binaries of a folder and reads for which architecture they are built. */
export async function nativeBinaries(folder: string): Promise<NativeBinary[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => NATIVE_FILE.test(file)).sort();
  return await Promise.all(files.map(async (file) => ({ file, arch: await architectureOf(path.join(folder, file)) })));
}

async function architectureOf(file: string): Promise<NativeBinary['arch']> {
  const handle = await open(file);
  try {
    const header = Buffer.alloc(20);
    await handle.read(header, 0, header.length, 0);
    const isElf = header.readUInt32BE(0) === 0x7f454c46;
    return isElf ? MACHINES.get(header.readUInt16LE(18)) : undefined;
  } finally {
    await handle.close();
  }
}
