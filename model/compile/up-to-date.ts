import path from 'node:path';
import { hashFile } from '../hash-file.ts';
import { sumOfPictures } from './int8/calibration-pictures.ts';
import { openPackage, type ModelPackage } from '../package/open-package.ts';
import { verifyPackage } from '../package/verify-package.ts';
import type { Manifest } from '../package/manifest.ts';
import { version } from '../version.ts';

interface Wanted {
  readonly precision: Manifest['precision'];
  /** SHA-256 of the checkpoint's files by name. @default computed from the files */
  readonly sums?: ReadonlyMap<string, string>;
  /** Folder of pictures that int8 is calibrated with. @default none */
  readonly calibration?: string;
}

/**
 * Whether compiling the checkpoint with this version would produce the package in `target` again. A damaged package is
 * not up to date.
 */
export async function isUpToDate(
  checkpoint: string,
  target: string,
  { precision, sums, calibration }: Wanted,
): Promise<boolean> {
  const modelPackage = await openPackage(target).catch(() => undefined);
  if (modelPackage === undefined) return false;
  const { manifest } = modelPackage;
  if (manifest.compiler.version !== version || manifest.precision !== precision) return false;
  const { from, sha256: pictures } = manifest.calibration ?? {};
  const wanted = precision === 'int8' && calibration !== undefined ? await sumOfPictures(calibration) : undefined;
  if (wanted !== (from === 'folder' ? pictures : undefined)) return false;
  for (const { name, sha256 } of manifest.source.files) {
    const sum = sums === undefined ? await sumOf(path.join(checkpoint, name)) : sums.get(name);
    if (sum !== sha256) return false;
  }
  return manifest.source.files.length > 0 && (await isUndamaged(modelPackage));
}

async function isUndamaged(modelPackage: ModelPackage): Promise<boolean> {
  return verifyPackage(modelPackage).then(
    () => true,
    () => false,
  );
}

/** SHA-256 of a file in hex; undefined if it cannot be read. */
export async function sumOf(file: string): Promise<string | undefined> {
  return (await hashFile(file).catch(() => undefined))?.sha256;
}
