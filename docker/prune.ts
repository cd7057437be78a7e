/**
 * Removes from node_modules what an image never loads, such as binaries for other platforms, and fails if a binary that
 * stays is for another architecture than the image, or one that the service needs is missing:
 * `node docker/prune.ts node_modules [x64|arm64]`. By default, the architecture is that of the running Node.js.
 */
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { nativeBinaries } from './native-binaries.ts';

/** The two assets of swagger-ui-dist that the service uses, what identifies the package, and its licences. */
const SWAGGER_KEEPS = [
  ...['package.json', 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'],
  ...['swagger-ui.css', 'swagger-ui-bundle.js'],
];

const [modules, arch = process.arch] = process.argv.slice(2);
if (!modules) {
  console.error('usage: node docker/prune.ts node_modules [x64|arm64]');
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
await keepOnly(binaries, ['linux']);
await keepOnly(path.join(binaries, 'linux'), [arch]);

await remove('.package-lock.json');
await remove('.bin');

/** Sources and declarations in TypeScript, which Node.js loads from no package, and maps to them. */
const SOURCE = /\.(map|[cm]?ts)$/;
/** A package's own tests. */
const TESTS = /(^|\/node_modules\/)(@[^/]+\/)?[^/@]+\/tests?$/;
for (const entry of await readdir(modules, { recursive: true })) {
  if (SOURCE.test(entry) || TESTS.test(entry)) await remove(entry);
}

/** ONNX Runtime, sharp, and the libvips that sharp loads. */
const NEEDED = [
  `${path.join(binaries, 'linux', arch)}${path.sep}`,
  path.join('@img', `sharp-linux-${arch}${path.sep}`),
  path.join('@img', `sharp-libvips-linux-${arch}${path.sep}`),
];
const kept = await nativeBinaries(modules);
const foreign = kept.filter((each) => each.arch !== arch).map(({ file }) => `${file} is not for ${arch}`);
const missing = NEEDED.filter((folder) => !kept.some(({ file }) => file.startsWith(folder))).map(
  (folder) => `${folder} has no binary`,
);
if (foreign.length + missing.length > 0) {
  console.error(`The binaries in ${modules} do not fit linux/${arch}: ${[...foreign, ...missing].join(', ')}.`);
  process.exit(1);
}
console.log(`${kept.length} native binaries, all for linux/${arch}.`);
