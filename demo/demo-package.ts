import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXAMPLES_FOLDER } from '../model/package/examples.ts';
import { isUpToDate, sumOf } from '../model/compile/up-to-date.ts';
import { ROOT } from '../model/root.ts';
import { EXAMPLES } from './examples.ts';

/** Checkpoint of the model that ships with the repository. */
export const DEMO_CHECKPOINT = fileURLToPath(new URL('demo/checkpoint', ROOT));
/** Folder of its compiled package; not under version control. */
const DEMO_PACKAGE = fileURLToPath(new URL('.cache/demo-package', ROOT));

/** Whether the package's examples are those of the repository; `isUpToDate` does not cover them. */
async function hasTheseExamples(target: string): Promise<boolean> {
  for (const name of await readdir(EXAMPLES)) {
    const [here, there] = [path.join(EXAMPLES, name), path.join(target, EXAMPLES_FOLDER, name)];
    if ((await sumOf(here)) !== (await sumOf(there))) return false;
  }
  return true;
}

/**
 * Compiles the demo model, unless its package is up to date.
 *
 * @param target folder of the package @default `.cache/demo-package` in the repository
 * @returns the target folder
 * @throws UserError as `compileCheckpoint` does
 */
export async function demoPackage(target: string = DEMO_PACKAGE): Promise<string> {
  if ((await isUpToDate(DEMO_CHECKPOINT, target, { precision: 'fp32' })) && (await hasTheseExamples(target)))
    return target;
  // The compiler takes a while to load, and usually there is nothing to compile.
  const { compileCheckpoint } = await import('../model/compile/compile.ts');
  await compileCheckpoint(DEMO_CHECKPOINT, target, {
    name: 'ofa-demo',
    examples: EXAMPLES,
    replace: true,
  });
  return target;
}
