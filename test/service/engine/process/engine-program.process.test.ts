import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../../service/engine/process/engine-program.ts', import.meta.url));

it('loads no packages but those that run the model, as every engine waits for them', () => {
  const { metafile } = buildSync({
    entryPoints: [PROGRAM],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const packages = imports.filter(({ path, external }) => external === true && !path.startsWith('node:'));
  // And onnxruntime-node, which model/onnx-runtime.ts requires.
  expect(new Set(packages.map(({ path }) => path))).toEqual(new Set(['lru-cache']));
});
