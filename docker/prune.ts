/**
 * Removes from node_modules what an image never loads, such as binaries for other platforms:
 * `node docker/prune.ts node_modules`.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** The two assets of swagger-ui-dist that the service uses, and what identifies the package. */
const SWAGGER_KEEPS = ['package.json', 'LICENSE', 'NOTICE', 'swagger-ui.css', 'swagger-ui-bundle.js'];

const [modules] = process.argv.slice(2);
if (!modules) {
  console.error('usage: node docker/prune.ts node_modules');
  process.exit(2);
}

async function remove(...parts: string[]): Promise<void> {
  await rm(path.join(modules ?? '', ...parts), { recursive: true, force: true });
}

/** Removes all entries of a folder except some. */
async function keepOnly(folder: string, kept: readonly string[]): Promise<void> {
  for (const entry of await readdir(path.join(modules ?? '', folder))) {
    if (!kept.includes(entry)) await remove(folder, entry);
  }
}

await keepOnly('swagger-ui-dist', SWAGGER_KEEPS);

const binaries = path.join('onnxruntime-node', 'bin', 'napi-v6');
await keepOnly(binaries, [process.platform]);
await keepOnly(path.join(binaries, process.platform), [process.arch]);

await remove('.package-lock.json');
await remove('.bin');
for (const entry of await readdir(modules, { recursive: true })) {
  if (/\.(map|d\.ts|d\.mts|d\.cts)$/.test(entry)) await remove(entry);
}
