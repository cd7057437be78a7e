import { writeFileSync } from 'node:fs';
import { Header } from 'tar';

const BLOCK = 512;

/** A header of a file in a tar, such as that of a long name. */
function tarHeader(path: string, size: number, type: 'File' | 'NextFileHasLongPath' = 'File'): Buffer {
  const header = new Header({ path, size, type, mode: 0o644, mtime: new Date(0) });
  header.encode();
  return header.block ?? Buffer.alloc(BLOCK);
}

/** Bytes with zeros behind them up to the next block. */
function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

/** Writes a tar. Names of 100 bytes or more get a header of GNU tar of their own. */
export function writeTar(file: string, members: Readonly<Record<string, Uint8Array | string>>): string {
  const blocks: Buffer[] = [];
  for (const [name, content] of Object.entries(members)) {
    const bytes = Buffer.from(content);
    if (name.length >= 100) {
      const long = Buffer.from(`${name}\0`);
      blocks.push(tarHeader('././@LongLink', long.length, 'NextFileHasLongPath'), padded(long));
    }
    blocks.push(tarHeader(name.slice(0, 99), bytes.length), padded(bytes));
  }
  writeFileSync(file, Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]));
  return file;
}
