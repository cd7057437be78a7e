import { execFile } from 'node:child_process';
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PROVIDER = 'libonnxruntime_providers_cuda.so';
const RUNTIME = 'libonnxruntime.so.1';

/**
 * Fills a folder with ONNX Runtime, its real CUDA provider and stubs for NVIDIA's libraries. A process with this folder
 * as its LD_LIBRARY_PATH can create CUDA sessions on a machine without CUDA. Needs a C compiler and binutils.
 *
 * @param provider folder of the provider's two libraries
 * @param runtime folder of the libonnxruntime of the same release
 */
export async function makeStandIns(folder: string, provider: string, runtime: string): Promise<void> {
  const library = resolve(provider, PROVIDER);
  const source = fileURLToPath(new URL('cuda-stand-ins.c', import.meta.url));
  // Weak, so that the definitions in cuda-stand-ins.c take precedence.
  const rest = (await undefinedSymbols(library)).map((name) => `__attribute__((weak)) int ${name}(void) { return 0; }`);
  const generated = join(folder, 'rest.c');
  await writeFile(generated, `${rest.join('\n')}\n`);
  const standIn = join(folder, 'stand-in.so');
  await run('cc', ['-w', '-shared', '-fPIC', '-o', standIn, source, generated]);
  for (const name of [...(await neededLibraries(library)), 'libcudnn.so.9', 'libcudnn.so']) {
    await symlink(standIn, join(folder, name)).catch(ignoreExisting);
  }
  for (const name of [PROVIDER, 'libonnxruntime_providers_shared.so']) {
    await symlink(resolve(provider, name), join(folder, name));
  }
  // A copy, not a link, since ONNX Runtime looks for its providers at the real path of its own library.
  await copyFile(join(runtime, RUNTIME), join(folder, RUNTIME));
}

/** The functions of NVIDIA's libraries that a library calls. */
async function undefinedSymbols(library: string): Promise<string[]> {
  const { stdout } = await run('nm', ['-D', '--undefined-only', library], { maxBuffer: 2 ** 26 });
  return [...stdout.matchAll(/ U ((?:cu|__cuda)\w+)/g)].map((match) => match[1] ?? '');
}

/** NVIDIA's libraries that a library is linked to. */
async function neededLibraries(library: string): Promise<string[]> {
  const { stdout } = await run('readelf', ['-d', library]);
  return [...stdout.matchAll(/\(NEEDED\).*\[(libcu[^\]]+)\]/g)].map((match) => match[1] ?? '');
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
