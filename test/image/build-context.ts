import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from './context.ts';
import type { Engine } from './engine.ts';
import { step } from './shell.ts';

/** What lies about in a clone, and must neither be sent to the builder nor change an image. */
const STRAYS = [
  ...['.git/HEAD', '.ci/run', '.env', '.cache/package/model.onnx', 'node_modules/hono/package.json'],
  ...['build/cli/main.js', 'dist/app.k8s.yaml', 'test/image/main.ts', 'bench/gpu.ts', 'docs/images.md', 'torch.whl'],
  ...[
    'demo/training/torch.whl',
    'demo/training/.venv/bin/python',
    'demo/training/__pycache__/ofa.pyc',
    'demo/training/ofa.py',
  ],
  ...['demo/README.md', 'service/.cache/package/model.onnx', 'service/http/.DS_Store'],
];
/** Most bytes of the context; the demo model's checkpoint is most of it. */
const MOST_BYTES = 7_000_000;

/** What the builder gets is what the Dockerfile names: small, and without anything that only lies about. */
export async function checkBuildContext(engine: Engine, { folder }: Context): Promise<void> {
  step('the build context');
  for (const name of STRAYS) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'stray');
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'ofa-ve-sent-'));
  try {
    const [probe, sent] = [path.join(scratch, 'Dockerfile'), path.join(scratch, 'sent')];
    await writeFile(probe, 'FROM scratch\nCOPY . /\n');
    await engine.run(['build', '--file', probe, '--output', `type=local,dest=${sent}`, folder]);
    const names = await readdir(sent, { recursive: true });
    assert.ok(names.includes('package.json'), 'the context is not where it was looked for');
    assert.deepEqual(
      STRAYS.filter((name) => names.includes(name)),
      [],
      'files are sent to the builder that no image needs',
    );
    const sizes = await Promise.all(names.map(async (name) => stat(path.join(sent, name))));
    const bytes = sizes.reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);
    assert.ok(bytes < MOST_BYTES, `the context has ${bytes} bytes, more than ${MOST_BYTES}`);
    console.log(`${(bytes / 1e6).toFixed(1)} MB are sent to the builder`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
