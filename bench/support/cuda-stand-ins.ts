import { execFile } from 'node:child_process';
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PROVIDER = 'libonnxruntime_providers_cuda.so';
const RUNTIME = 'libonnxruntime.so.1';

/**
 * Fills a folder so that a process with it as its LD_LIBRARY_PATH makes CUDA sessions on a machine without CUDA:
 * ONNX Runtime and its real CUDA provider, with stand-ins for NVIDIA's libraries. Needs a C compiler and binutils.
 *
 * @param provider folder with the provider's two libraries
 * @param runtime folder with the libonnxruntime of the same release
 */
export async function makeStandIns(folder: string, provider: string, runtime: string): Promise<void> {
  const library = resolve(provider, PROVIDER);
  const source = fileURLToPath(new URL('cuda-stand-ins.c', import.meta.url));
  // Weak: what the source beside this file gives a body for takes precedence.
  const rest = (await undefinedSymbols(library)).map(
    (name) => `__attribute__((weak)) int ${name}(void) { return 0; }`,
  );
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
  // A copy, since ONNX Runtime looks for its providers where its own library really lies.
  await copyFile(join(runtime, RUNTIME), join(folder, RUNTIME));
}

/** NVIDIA's functions that a library calls. */
async function undefinedSymbols(library: string): Promise<string[]> {
  const { stdout } = await run('nm', ['-D', '--undefined-only', library], { maxBuffer: 2 ** 26 });
  return [...stdout.matchAll(/ U ((?:cu|__cuda)\w+)/g)].map((match) => match[1] ?? '');
}

/** NVIDIA's libraries that a library is linked with. */
async function neededLibraries(library: string): Promise<string[]> {
  const { stdout } = await run('readelf', ['-d', library]);
  return [...stdout.matchAll(/\(NEEDED\).*\[(libcu[^\]]+)\]/g)].map((match) => match[1] ?? '');
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
