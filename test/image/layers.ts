import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import type { Context, Subject } from './context.ts';
import type { Build, Engine } from './engine.ts';
import { inspectImage } from './image.ts';
import { run, step } from './shell.ts';

const CODE_TAG = 'localhost/ofa-ve:test-changed';
const RELEASE_TAG = 'localhost/ofa-ve:test-release';
/** Where the weights are in an image. */
const WEIGHTS = `model/${PACKAGE_FILES.weights}`;

/** What a node that has the one image still fetches for the next one: the code, or all but the weights. */
export async function checkLayers(
  engine: Engine,
  build: Build,
  model: Subject,
  context: Context,
  tag: string,
): Promise<void> {
  const before = (await inspectImage(engine, tag)).RootFS.Layers;
  const weights = await weightsLayer(engine, tag);

  step('the same with a changed line of code');
  await appendFile(
    path.join(context.folder, 'service/lifecycle/run-service.ts'),
    '\nexport const changedByTest = true;\n',
  );
  await build('cpu', CODE_TAG, model.buildArguments);
  const after = (await inspectImage(engine, CODE_TAG)).RootFS.Layers;
  assert.notEqual(before.join(), after.join(), 'the change is not in the image');
  // The program's is the last one.
  assert.deepEqual(after.slice(0, -1), before.slice(0, -1), 'a change of the code makes layers below it anew');

  step('the next release, on a builder that has kept nothing');
  await raiseVersion(context);
  await build('cpu', RELEASE_TAG, ['--no-cache', ...model.buildArguments]);
  const release = (await inspectImage(engine, RELEASE_TAG)).RootFS.Layers;
  assert.notEqual(release.at(-1), after.at(-1), 'the version is not in the image');
  assert.ok(release.includes(weights), 'a release ships the weights again');
  console.log('a change of the code makes one new layer; a release leaves the weights as they are');
}

/** The layer that holds the weights and nothing else. */
export async function weightsLayer(engine: Engine, tag: string): Promise<string> {
  const layers = await filesOfLayers(engine, tag);
  const [holder, ...others] = layers.filter(({ files }) => files.includes(WEIGHTS));
  assert.ok(holder, `no layer of ${tag} holds the weights`);
  assert.deepEqual(others, [], 'more than one layer holds the weights');
  assert.deepEqual(holder.files, [WEIGHTS], 'the weights share their layer');
  return holder.layer;
}

interface LayerFiles {
  readonly layer: string;
  /** Paths without the leading slash; no folders. */
  readonly files: readonly string[];
}

/** What `save` says of the image that it wrote. */
const savedSchema = z.tuple([z.object({ Layers: z.array(z.string()) })]);

async function filesOfLayers(engine: Engine, tag: string): Promise<LayerFiles[]> {
  const layers = (await inspectImage(engine, tag)).RootFS.Layers;
  const scratch = await mkdtemp(path.join(tmpdir(), 'ofa-ve-layers-'));
  try {
    const [archive, folder] = [path.join(scratch, 'image.tar'), path.join(scratch, 'image')];
    await engine.run(['save', '--output', archive, tag]);
    await mkdir(folder);
    await run('tar', ['-xf', archive, '-C', folder]);
    const text = await readFile(path.join(folder, 'manifest.json'), 'utf8');
    const [{ Layers: archives }] = savedSchema.parse(JSON.parse(text));
    assert.equal(archives.length, layers.length);
    return await Promise.all(
      layers.map(async (layer, at) => {
        const listed = await run('tar', ['-tf', path.join(folder, archives[at] ?? '')]);
        const files = listed.split('\n').map((name) => name.replace(/^(\.?\/)+/, ''));
        return { layer, files: files.filter((name) => name !== '' && !name.endsWith('/')) };
      }),
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** As `npm version` does. */
async function raiseVersion({ folder }: Context): Promise<void> {
  const file = path.join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...manifest, version: '99.0.0' }, undefined, 2));
}
