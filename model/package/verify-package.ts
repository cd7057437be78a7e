import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '../errors.ts';
import { readRegular } from '../regular-file.ts';
import { reasonOf } from '../system-reason.ts';
import { findDamage } from './checksums.ts';
import { PACKAGE_FILES } from './layout.ts';
import type { Manifest } from './manifest.ts';
import type { ModelPackage } from './open-package.ts';

/** Says what to do about a damaged file. */
const REMEDY = 'copy the package again, or compile it again';

/** Digest of the manifest, and size and times of the files: while it stays the same, no file was replaced or written. */
export type PackageStamp = string;

/**
 * Describes the files of a package as they are on disk now. Nobody but the system sets the change time (ctime), so that
 * a file written in place has another stamp even if its modification time was set back. Inodes are left out: file
 * systems on object stores number a file anew whenever they have forgotten it.
 *
 * @throws UserError `package-damaged` if one is missing
 */
export async function stampPackage({ dir, manifest, digest }: ModelPackage): Promise<PackageStamp> {
  const names = [PACKAGE_FILES.manifest, ...manifest.files.map(({ name }) => name)];
  const stamps: string[] = [digest];
  for (const name of names) {
    const found = await stat(join(dir, name), { bigint: true }).catch((cause: unknown) => {
      throw damaged(`${name} in the model package ${dir} is gone: ${reasonOf(cause)}; ${REMEDY}.`, cause);
    });
    stamps.push(`${name} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`);
  }
  return stamps.join('\n');
}

/**
 * Checks that every file of an open package has the checksums in its manifest. Other files in the folder are not looked at, as
 * nothing reads them.
 *
 * @throws UserError `package-damaged` that names a file, and where it differs
 */
export async function verifyPackage({ dir, manifest, digest }: ModelPackage, signal?: AbortSignal): Promise<void> {
  const text = await readRegular(join(dir, PACKAGE_FILES.manifest)).catch(() => '');
  if (createHash('sha256').update(text).digest('hex') !== digest) {
    throw damaged(
      `The model package ${dir} was replaced or changed: its ${PACKAGE_FILES.manifest} is not the one that was opened; start again to use the new package.`,
    );
  }
  for (const file of manifest.files) await verifyFile(dir, file, manifest.pieceBytes, signal);
}

async function verifyFile(
  dir: string,
  file: Manifest['files'][number],
  pieceBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unreadable = (cause: unknown): never => {
    signal?.throwIfAborted();
    throw damaged(`${file.name} in the model package ${dir} cannot be read: ${reasonOf(cause)}; ${REMEDY}.`, cause);
  };
  const path = join(dir, file.name);
  const { size } = await stat(path).catch(unreadable);
  if (size !== file.bytes) {
    throw damaged(
      `${file.name} in the model package ${dir} has ${size} bytes but should have ${file.bytes}; ${REMEDY}.`,
    );
  }
  const damage = await findDamage(path, file, pieceBytes, signal).catch(unreadable);
  if (damage === undefined) return;
  throw damaged(
    `${file.name} in the model package ${dir} is damaged: its bytes ${damage.start} to ${damage.end - 1} do not have the checksum in ${PACKAGE_FILES.manifest}; ${REMEDY}.`,
  );
}

/**
 * Checks text or bytes that were read from a package's file.
 *
 * @throws UserError `package-damaged` if they are not those that were compiled
 */
export function verifyContent({ dir, manifest }: ModelPackage, name: string, content: Uint8Array): void {
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (manifest.files.find((file) => file.name === name)?.sha256 === sha256) return;
  throw damaged(
    `${name} in the model package ${dir} is damaged: it does not have the checksum in ${PACKAGE_FILES.manifest}; ${REMEDY}.`,
  );
}

/**
 * Verifies one package again and again, each time an engine is about to load it. The files are read the first time, and
 * later only if their stamp has changed.
 */
export class PackageVerifier {
  readonly #package: ModelPackage;
  readonly #signal: AbortSignal | undefined;
  #verified: PackageStamp | undefined;
  #running: Promise<PackageStamp> | undefined;

  /** @param signal ends a verification, which fails with the signal's reason */
  constructor(modelPackage: ModelPackage, signal?: AbortSignal) {
    this.#package = modelPackage;
    this.#signal = signal;
  }

  /**
   * @returns the stamp of the files that were verified
   * @throws UserError `package-damaged`
   */
  verify(): Promise<PackageStamp> {
    // Several engines start at the same time.
    this.#running ??= this.#verify().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #verify(): Promise<PackageStamp> {
    const before = await stampPackage(this.#package);
    if (before === this.#verified) return before;
    await verifyPackage(this.#package, this.#signal);
    if ((await stampPackage(this.#package)) !== before) {
      throw damaged(`The model package ${this.#package.dir} is being written; start again when that is done.`);
    }
    this.#verified = before;
    return before;
  }
}

function damaged(message: string, cause?: unknown): UserError {
  return new UserError('package-damaged', message, cause === undefined ? undefined : { cause });
}
