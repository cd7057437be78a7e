import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { content, type Content, miniModel, modelServer, stretch } from './model-server.ts';
import { isSame, PIECE, runFetch } from './run-fetch.ts';

const NEEDED = [
  'config.json',
  'configuration.json',
  'vocab.json',
  'merges.txt',
  'ans2label.json',
  'pytorch_model.bin',
];
const WEIGHTS = 'pytorch_model.bin';

function text(value: unknown): Content {
  return content(Buffer.from(JSON.stringify(value)));
}

function json(files: ReadonlyMap<string, Content>, name: string): Record<string, unknown> {
  const file = files.get(name);
  return JSON.parse(Buffer.from(file?.read(0, file.bytes) ?? '').toString()) as Record<string, unknown>;
}

describe('a model is fetched', () => {
  test('whole, and only what compiling needs', async () => {
    const server = await modelServer(miniModel());
    const folder = join(tempFolder(), 'not/there/yet');
    const { files } = await runFetch(server, folder);
    expect(files.map((file) => file.name)).toEqual(NEEDED);
    expect(readdirSync(folder).sort()).toEqual([...NEEDED].sort());
    for (const name of NEEDED) expect(isSame(server, folder, name), name).toBe(true);
    expect(new Set(server.seen.map((request) => request.file))).toEqual(new Set([undefined, ...NEEDED]));
  });

  test('in ranges that cover the file once', async () => {
    const server = await modelServer(miniModel());
    await runFetch(server, tempFolder());
    const bytes = server.files.get(WEIGHTS)?.bytes ?? 0;
    const ranges = server
      .requestsOf(WEIGHTS)
      .map(({ range }) => stretch(range, bytes))
      .sort((a, b) => a.from - b.from);
    expect(ranges).toHaveLength(Math.ceil(bytes / PIECE));
    ranges.forEach(({ from, to }, at) => {
      expect([from, to]).toEqual([at * PIECE, Math.min(bytes, (at + 1) * PIECE)]);
    });
  });

  test('over several connections at a time, and no more than were asked for', async () => {
    const server = await modelServer(miniModel());
    let open = 0;
    let most = 0;
    server.intercept = (seen, response) => {
      if (seen.file !== WEIGHTS) return false;
      most = Math.max(most, ++open);
      response.once('close', () => open--);
      // Held until the others are there too, so that they meet.
      setTimeout(() => {
        server.send(seen, response);
      }, 50);
      return true;
    };
    await runFetch(server, tempFolder(), { connections: 3 });
    expect(most).toBe(3);
  });

  test('with progress that ends at the total', async () => {
    const server = await modelServer(miniModel());
    const { progress } = await runFetch(server, tempFolder());
    const total = NEEDED.reduce((sum, name) => sum + (server.files.get(name)?.bytes ?? 0), 0);
    expect(progress.at(-1)).toEqual({ stage: 'fetch', done: total, total, received: total });
    const done = progress.map((each) => each.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  test('of another revision', async () => {
    const server = await modelServer(miniModel(), { revision: 'v1.0/β' });
    const { files } = await runFetch(server, tempFolder(), { revision: 'v1.0/β' });
    expect(files).toHaveLength(NEEDED.length);
  });

  test('with weights in parts', async () => {
    const files = miniModel();
    const weights = readFileSync(join(import.meta.dirname, '../../fixtures/ofa/mini-none', WEIGHTS));
    files.delete(WEIGHTS);
    files.set('a.bin', content(weights.subarray(0, 700_000)));
    files.set('b.bin', content(weights.subarray(700_000)));
    files.set('unused.bin', content(weights));
    files.set(`${WEIGHTS}.index.json`, text({ weight_map: { one: 'a.bin', two: 'b.bin', three: 'a.bin' } }));
    const server = await modelServer(files);
    const folder = tempFolder();
    const run = await runFetch(server, folder);
    const names = [...NEEDED.slice(0, 4), `${WEIGHTS}.index.json`, 'ans2label.json', 'a.bin', 'b.bin'];
    expect(run.files.map((file) => file.name)).toEqual(names);
    for (const name of names) expect(isSame(server, folder, name), name).toBe(true);
  });

  test('with the weights that compiling prefers', async () => {
    const files = miniModel();
    files.set('model.safetensors', content(new Uint8Array(9)));
    const both = await runFetch(await modelServer(files), tempFolder());
    expect(both.files.at(-1)?.name).toBe(WEIGHTS);
    files.delete(WEIGHTS);
    const one = await runFetch(await modelServer(files), tempFolder());
    expect(one.files.at(-1)?.name).toBe('model.safetensors');
  });

  test('with a file of answers in a folder of its own', async () => {
    const files = miniModel();
    const configuration = json(files, 'configuration.json');
    const model = { ...(configuration['model'] as object), answer2label: './answers/of-it.json' };
    files.set('configuration.json', text({ ...configuration, model }));
    files.set('answers/of-it.json', text({ yes: 0, no: 1 }));
    const server = await modelServer(files);
    const folder = tempFolder();
    await runFetch(server, folder);
    expect(isSame(server, folder, 'answers/of-it.json')).toBe(true);
  });
});

describe('what is there', () => {
  test('and right is not fetched again', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await runFetch(server, folder);
    server.seen.length = 0;
    const { files } = await runFetch(server, folder);
    expect(files.every((file) => file.kept)).toBe(true);
    expect(server.seen.map((request) => request.path)).toEqual([`/api/v1/models/${server.id}/repo/files`]);
  });

  test('and wrong is replaced, with a sentence', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await runFetch(server, folder);
    const file = join(folder, WEIGHTS);
    const bytes = readFileSync(file);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const { files, notes } = await runFetch(server, folder);
    expect(files.filter((each) => !each.kept).map((each) => each.name)).toEqual([WEIGHTS]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(notes).toEqual([`${file} differs from the published file, which is fetched in its place.`]);
  });

  test('of another model is not mixed with this one', async () => {
    const files = miniModel();
    files.delete(WEIGHTS);
    files.set('model.safetensors', content(new Uint8Array(9)));
    const folder = tempFolder();
    writeFileSync(join(folder, WEIGHTS), 'of another model');
    await expect(runFetch(await modelServer(files), folder)).rejects.toMatchObject({
      code: 'output-not-writable',
      message: expect.stringMatching(/holds a pytorch_model\.bin of another model/) as string,
    });
  });

  test('that cannot be written is told', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'config.json.partial'));
    await expect(runFetch(await modelServer(miniModel()), folder)).rejects.toMatchObject({
      code: 'output-not-writable',
      message: `${join(folder, 'config.json')} cannot be written: it is a folder.`,
    });
  });
});
