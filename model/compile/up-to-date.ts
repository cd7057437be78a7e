import path from 'node:path';
import { hashFile } from '../hash-file.ts';
import { openPackage } from '../package/open-package.ts';
import type { Manifest } from '../package/manifest.ts';
import { version } from '../version.ts';

/**
 * Whether the package in a folder is what this version of the compiler makes of the checkpoint as it is now.
 *
 * @param sums SHA-256 of the checkpoint's files by name, if known @default the files are read
 */
export async function isUpToDate(
  checkpoint: string,
  target: string,
  precision: Manifest['precision'],
  sums?: ReadonlyMap<string, string>,
): Promise<boolean> {
  const { manifest } = (await openPackage(target).catch(() => undefined)) ?? {};
  if (manifest?.compiler.version !== version || manifest.precision !== precision) return false;
  for (const { name, sha256 } of manifest.source.files) {
    const sum = sums === undefined ? await sumOf(path.join(checkpoint, name)) : sums.get(name);
    if (sum !== sha256) return false;
  }
  return manifest.source.files.length > 0;
}

/** A file's SHA-256; undefined where it cannot be read. */
export async function sumOf(file: string): Promise<string | undefined> {
  return (await hashFile(file).catch(() => undefined))?.sha256;
}
