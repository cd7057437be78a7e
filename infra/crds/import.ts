import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const FOLDER = path.dirname(fileURLToPath(import.meta.url));

/** The cdk8s program, found without a shell and without PATH. */
const CDK8S = path.join(path.dirname(createRequire(import.meta.url).resolve('cdk8s-cli/package.json')), 'bin', 'cdk8s');

/**
 * Generates constructs for the CRDs of this folder into `target`.
 *
 * The generator imports interfaces as if they were values. When types are only stripped, Node does not find them in the
 * CommonJS module, so the import lines are split into values and types.
 *
 * @returns the names of the written files
 */
export async function importCrds(target: string): Promise<string[]> {
  const sources = (await readdir(FOLDER)).filter((file) => file.endsWith('.yaml')).sort();
  const written: string[] = [];
  for (const source of sources) {
    const args = ['import', path.join(FOLDER, source), '--language', 'typescript', '--output', target];
    await promisify(execFile)(process.execPath, [CDK8S, ...args, '--no-save'], {
      env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' },
    });
    const file = path.join(target, source.replace(/\.yaml$/, '.ts'));
    await writeFile(file, splitImports(await readFile(file, 'utf8')));
    written.push(path.basename(file));
  }
  return written;
}

function splitImports(code: string): string {
  return code
    .replace(
      "import { ApiObject, ApiObjectMetadata, GroupVersionKind } from 'cdk8s';",
      "import { ApiObject } from 'cdk8s';\nimport type { ApiObjectMetadata, GroupVersionKind } from 'cdk8s';",
    )
    .replace('import { Construct }', 'import type { Construct }');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await importCrds('imports');
