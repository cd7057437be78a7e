import { FileSource } from '../model/compile/checkpoint/file-source.ts';
import { readZipEntries } from '../model/compile/checkpoint/zip.ts';

/** The pickle of a PyTorch archive. */
export async function readArchivePickle(path: string): Promise<Uint8Array> {
  const source = await FileSource.open(path);
  try {
    const entries = await readZipEntries(source);
    const entry = [...entries.values()].find(({ name }) => name.endsWith('/data.pkl'));
    if (entry === undefined) throw new Error(`${path} has no data.pkl`);
    return await source.read(entry.position, entry.size);
  } finally {
    await source.close();
  }
}
