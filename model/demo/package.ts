import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCheckpoint } from '../compile.ts';
import { EXAMPLES_FOLDER } from '../examples.ts';
import { hashFile } from '../hash-file.ts';
import { openPackage } from '../open-package.ts';
import { version } from '../version.ts';
import { EXAMPLES } from './examples.ts';

/** The repository's root, from here or from a build of it. */
const ROOT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url),
);

/** Checkpoint of the model that ships with the repository. */
export const DEMO_CHECKPOINT = path.join(ROOT, 'model', 'demo', 'checkpoint');
/** Where its package is compiled to; not under version control. */
export const DEMO_PACKAGE = path.join(ROOT, '.cache', 'demo-package');

/** Whether the package is what this version of the compiler makes of the checkpoint as it is now. */
async function isUpToDate(checkpoint: string, target: string): Promise<boolean> {
  const found = await openPackage(target).catch(() => undefined);
  if (found?.manifest.compiler.version !== version) return false;
  const sums = new Map(found.manifest.source.files.map((file) => [file.name, file.sha256]));
  for (const [name, sum] of sums) {
    if ((await sumOf(path.join(checkpoint, name))) !== sum) return false;
  }
  for (const name of await readdir(EXAMPLES)) {
    const [here, there] = [path.join(EXAMPLES, name), path.join(target, EXAMPLES_FOLDER, name)];
    if ((await sumOf(here)) !== (await sumOf(there))) return false;
  }
  return (await readdir(checkpoint)).includes('pytorch_model.bin') && sums.size > 0;
}

/** A file's SHA-256; undefined where it cannot be read. */
async function sumOf(file: string): Promise<string | undefined> {
  return (await hashFile(file).catch(() => undefined))?.sha256;
}

/**
 * The package of the demo model, compiled unless it is there and up to date already.
 *
 * @param target where to put it. Default: `.cache/demo-package` in the repository
 * @returns the folder
 * @throws UserError as {@link compileCheckpoint} does
 */
export async function demoPackage(target: string = DEMO_PACKAGE): Promise<string> {
  if (await isUpToDate(DEMO_CHECKPOINT, target)) return target;
  await mkdir(path.dirname(target), { recursive: true });
  await compileCheckpoint(DEMO_CHECKPOINT, target, {
    name: 'ofa-demo',
    examples: EXAMPLES,
    replace: true,
  });
  return target;
}
