import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cacheFolders } from '../../../model/fetch/modelscope-cache.ts';
import { modelSource } from '../../../model/fetch/source.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { miniModel, MODEL_ID, type ModelServer, modelServer } from './model-server.ts';
import { isSame, leavePartial, runFetch, WEIGHTS } from './run-fetch.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Writes the files of a model as they are published. */
function fill(folder: string, { files }: ModelServer, names = [...files.keys()]): void {
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const file = files.get(name);
    writeFileSync(join(folder, name), file?.read(0, file.bytes) ?? '');
  }
}

/** The files that were downloaded from a server. */
function downloaded({ seen }: ModelServer): (string | undefined)[] {
  return seen.flatMap(({ file }) => file ?? []);
}

describe("ModelScope's cache is looked for", () => {
  test('in all of its layouts, the newest first', () => {
    const folders = cacheFolders(modelSource('iic/ofa_v1.5', 'v2'), '/cache');
    expect(folders[0]).toBe('/cache/models/iic--ofa_v1.5/snapshots/v2');
    expect(folders).toEqual(
      expect.arrayContaining([
        '/cache/hub/iic/ofa_v1.5',
        '/cache/hub/models/iic/ofa_v1___5',
        '/cache/models/iic/ofa_v1___5',
        '/cache/iic/ofa_v1.5',
      ]),
    );
    expect(new Set(folders).size).toBe(folders.length);
  });

  test('in MODELSCOPE_CACHE, or in the home folder', () => {
    vi.stubEnv('MODELSCOPE_CACHE', '/elsewhere');
    expect(cacheFolders(modelSource('a/b', 'master'))[0]).toBe('/elsewhere/models/a--b/snapshots/master');
    vi.stubEnv('MODELSCOPE_CACHE', ' ');
    expect(cacheFolders(modelSource('a/b', 'master'))[0]).toBe(
      join(homedir(), '.cache/modelscope/models/a--b/snapshots/master'),
    );
  });
});

describe('a model in a cache', () => {
  test.each(['models/owner--mini-model/snapshots/master', 'hub/owner/mini-model', 'hub/models/owner/mini-model'])(
    'is copied instead of downloaded: %s',
    async (layout) => {
      const server = await modelServer(miniModel());
      const [root, folder] = [tempFolder(), tempFolder()];
      fill(join(root, layout), server);
      chmodSync(join(root, layout, WEIGHTS), 0o444);
      const { files, notes } = await runFetch(server, folder, {
        caches: cacheFolders(modelSource(MODEL_ID, 'master'), root),
      });
      expect(files.map(({ origin }) => origin)).toEqual(files.map(() => 'cache'));
      for (const { name } of files) expect(isSame(server, folder, name), name).toBe(true);
      expect(downloaded(server)).toEqual([]);
      expect(notes).toEqual([]);
    },
  );

  test('may consist of links to files that are named by their content', async () => {
    const server = await modelServer(miniModel());
    const [root, folder] = [tempFolder(), tempFolder()];
    const repository = join(root, 'models/owner--mini-model');
    fill(join(repository, 'blobs'), server);
    mkdirSync(join(repository, 'snapshots/master'), { recursive: true });
    for (const name of server.files.keys()) {
      symlinkSync(join('../../blobs', name), join(repository, 'snapshots/master', name));
    }
    await runFetch(server, folder, { caches: cacheFolders(modelSource(MODEL_ID, 'master'), root) });
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(downloaded(server)).toEqual([]);
  });

  test('is not trusted where its bytes differ, and is left as it is', async () => {
    const server = await modelServer(miniModel());
    const [cache, folder] = [tempFolder(), tempFolder()];
    fill(cache, server);
    const damaged = readFileSync(join(cache, WEIGHTS));
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    writeFileSync(join(cache, WEIGHTS), damaged);
    writeFileSync(join(cache, 'vocab.json'), '{}');
    const before = tempFolder();
    cpSync(cache, before, { recursive: true });
    const { files } = await runFetch(server, folder, { caches: [join(cache, 'missing'), cache] });
    expect(downloaded(server).sort()).toEqual([WEIGHTS, 'vocab.json']);
    expect(files.find(({ name }) => name === WEIGHTS)?.origin).toBe('hub');
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    for (const name of [WEIGHTS, 'vocab.json']) {
      expect(readFileSync(join(cache, name)).equals(readFileSync(join(before, name)))).toBe(true);
    }
  });

  test('that has a folder where a file should be is passed over', async () => {
    const server = await modelServer(miniModel());
    const [cache, folder] = [tempFolder(), tempFolder()];
    mkdirSync(join(cache, WEIGHTS), { recursive: true });
    await runFetch(server, folder, { caches: [cache, join(cache, WEIGHTS)] });
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('takes the place of a partial file', async () => {
    const server = await modelServer(miniModel());
    const [cache, folder] = [tempFolder(), tempFolder()];
    fill(cache, server, [WEIGHTS]);
    leavePartial(server, folder, 1000);
    const { files } = await runFetch(server, folder, { caches: [cache] });
    expect(files.at(-1)).toMatchObject({ name: WEIGHTS, origin: 'cache' });
    expect(files.filter(({ origin }) => origin === 'hub')).toHaveLength(5);
    expect(downloaded(server)).not.toContain(WEIGHTS);
  });
});
