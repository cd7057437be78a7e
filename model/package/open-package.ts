import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

import { UserError } from '../errors.ts';
import { readRegular } from '../regular-file.ts';
import { reasonOf } from '../system-reason.ts';
import { PACKAGE_FILES, PACKAGE_FORMAT } from './layout.ts';
import { manifestSchema, type Manifest } from './manifest.ts';

/** A model package whose manifest is valid and whose files exist with the sizes that it lists. */
export interface ModelPackage {
  /** Real path of the folder, so that a link that is replaced later does not mix two packages. */
  readonly dir: string;
  readonly manifest: Manifest;
  /**
   * SHA-256 of `manifest.json` in hex. Identifies the package, since the manifest has the checksums of all other files.
   * The compiler writes the same bytes for the same checkpoint, so that equal packages have equal digests.
   */
  readonly digest: string;
}

/**
 * Opens a model package folder. Only the sizes of the files are compared with the manifest, which is enough to detect
 * incomplete copies: `verifyPackage` compares their checksums, which takes seconds for a large model.
 *
 * @param dir the folder that `ofa-ve compile` wrote
 * @throws UserError `package-unreadable`
 */
export async function openPackage(dir: string): Promise<ModelPackage> {
  const refuseWithout = (name: string) => (cause: unknown) => {
    if (!['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) {
      throw unreadable(`${join(dir, name)} cannot be read: ${reasonOf(cause)}.`, cause);
    }
    throw unreadable(
      `${dir === '' ? 'The folder' : dir} is not a model package: it has no readable ${name}; give a folder that \`ofa-ve compile\` wrote.`,
      cause,
    );
  };
  const graph = await realpath(join(dir, PACKAGE_FILES.graph)).catch(refuseWithout(PACKAGE_FILES.graph));
  // In a content-addressed cache, each file is a link to one that is named after its content.
  const real = basename(graph) === PACKAGE_FILES.graph ? dirname(graph) : await realpath(dir);
  const bytes = await readRegular(join(real, PACKAGE_FILES.manifest)).catch(refuseWithout(PACKAGE_FILES.manifest));
  const text = bytes.toString('utf8');
  const manifest = parseManifest(dir, text);
  for (const file of manifest.files) {
    const found = await stat(join(real, file.name)).catch(() => undefined);
    if (found?.size !== file.bytes) {
      const state = found === undefined ? 'is missing' : `has ${found.size} bytes`;
      throw unreadable(
        `${file.name} in the model package ${dir} ${state} but should have ${file.bytes} bytes; copy or compile the package again.`,
      );
    }
  }
  return { dir: real, manifest, digest: createHash('sha256').update(text).digest('hex') };
}

function parseManifest(dir: string, text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unreadable(
      `${PACKAGE_FILES.manifest} in the model package ${dir} is not JSON; compile the package again.`,
      cause,
    );
  }
  const format = z.object({ format: z.unknown() }).safeParse(json);
  if (format.success && format.data.format !== PACKAGE_FORMAT) {
    const isNewer = typeof format.data.format === 'number' && format.data.format > PACKAGE_FORMAT;
    throw unreadable(
      `The model package ${dir} has format ${JSON.stringify(format.data.format)} and this version reads format ${PACKAGE_FORMAT}; ` +
        `${isNewer ? 'update ofa-ve, or compile the checkpoint again with this version' : 'compile the checkpoint again'}.`,
    );
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`;
    throw unreadable(
      `${PACKAGE_FILES.manifest} in the model package ${dir} is not valid${where}; compile the package again.`,
    );
  }
  return parsed.data;
}

function unreadable(message: string, cause?: unknown): UserError {
  return new UserError('package-unreadable', message, { cause });
}
