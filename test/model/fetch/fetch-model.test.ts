import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { content, type Content, miniModel, type ModelServer, modelServer } from './model-server.ts';
import { failureOf, isSame, runFetch, WEIGHTS } from './run-fetch.ts';

const NEEDED = ['config.json', 'configuration.json', 'vocab.json', 'merges.txt', 'ans2label.json', 'pytorch_model.bin'];

function text(value: unknown): Content {
  return content(Buffer.from(JSON.stringify(value)));
}

function json(files: ReadonlyMap<string, Content>, name: string): Record<string, unknown> {
  const file = files.get(name);
  return JSON.parse(Buffer.from(file?.read(0, file.bytes) ?? '').toString()) as Record<string, unknown>;
}

/** Splits the weights into files. */
function inParts(files: ModelServer['files'], count: number): ModelServer['files'] {
  const weights = files.get(WEIGHTS);
  const size = Math.ceil((weights?.bytes ?? 0) / count);
  const names = Array.from({ length: count }, (_, at) => `part-${at}`);
  for (const [at, name] of names.entries()) {
    files.set(name, content(weights?.read(at * size, (at + 1) * size) ?? new Uint8Array()));
  }
  files.delete(WEIGHTS);
  const entries = names.map((name) => [`tensor of ${name}`, name]);
  files.set(`${WEIGHTS}.index.json`, text({ weight_map: Object.fromEntries(entries) as object }));
  return files;
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

  test('over one connection for each file', async () => {
    const server = await modelServer(miniModel());
    await runFetch(server, tempFolder());
    expect(server.requestsOf(WEIGHTS).map(({ range }) => range)).toEqual([undefined]);
  });

  test('four files at a time', async () => {
    const files = inParts(miniModel(), 6);
    const server = await modelServer(files);
    let open = 0;
    let most = 0;
    server.intercept = (request, response) => {
      if (request.file?.startsWith('part-') !== true) return false;
      most = Math.max(most, ++open);
      response.once('close', () => open--);
      // Held until the other requests have arrived.
      setTimeout(() => {
        server.send(request, response);
      }, 50);
      return true;
    };
    await runFetch(server, tempFolder());
    expect(most).toBe(4);
  });

  test('and the first file that fails stops the others', async () => {
    const server = await modelServer(inParts(miniModel(), 3));
    const closed: string[] = [];
    server.intercept = ({ file = '' }, response) => {
      if (!file.startsWith('part-')) return false;
      response.once('close', () => closed.push(file));
      // The others never get an answer.
      if (file === 'part-1') setTimeout(() => response.writeHead(403).end(), 50);
      return true;
    };
    const { message } = await failureOf(server, tempFolder());
    expect(message).toMatch(/ denies access to part-1 \(status 403\): the model must be public/);
    expect(closed).toHaveLength(3);
  });

  test('with progress that ends at the total', async () => {
    const server = await modelServer(miniModel());
    const { progress } = await runFetch(server, tempFolder());
    const total = NEEDED.reduce((sum, name) => sum + (server.files.get(name)?.bytes ?? 0), 0);
    expect(progress.at(-1)).toEqual({ done: total, total, received: total });
    const done = progress.map((each) => each.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  test('of another revision', async () => {
    const revision = 'v1.0/β';
    const server = await modelServer(miniModel(), { revision });
    const { files } = await runFetch({ ...server, revision }, tempFolder());
    expect(files).toHaveLength(NEEDED.length);
  });

  test('with weights in parts', async () => {
    const server = await modelServer(inParts(miniModel(), 2));
    server.files.set('unused.bin', content(new Uint8Array(9)));
    const folder = tempFolder();
    const run = await runFetch(server, folder);
    const names = [...NEEDED.slice(0, 4), `${WEIGHTS}.index.json`, 'ans2label.json', 'part-0', 'part-1'];
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

describe('a file in the folder', () => {
  test('that is right is not downloaded again', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await runFetch(server, folder);
    server.seen.length = 0;
    const { files } = await runFetch(server, folder);
    expect(files.every((file) => file.origin === 'folder')).toBe(true);
    expect(server.seen.map((request) => request.path)).toEqual([`/api/v1/models/${server.id}/repo/files`]);
  });

  test('that differs is replaced, with a note', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    await runFetch(server, folder);
    const file = join(folder, WEIGHTS);
    const bytes = readFileSync(file);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const { files, notes } = await runFetch(server, folder);
    expect(files.filter((each) => each.origin === 'hub').map((each) => each.name)).toEqual([WEIGHTS]);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    expect(notes).toEqual([`${file} differs from the published file: downloading it again.`]);
  });

  test('that holds the weights of another model is not mixed with this one', async () => {
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

  test('that cannot be replaced is reported', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'config.json'));
    expect(await failureOf(await modelServer(miniModel()), folder)).toMatchObject({
      code: 'output-not-writable',
      message: `${join(folder, 'config.json')} cannot be used: it is a folder.`,
    });
  });

  test('that has the name of the folder is reported', async () => {
    const file = join(tempFolder(), 'file');
    writeFileSync(file, '');
    expect(await failureOf(await modelServer(miniModel()), file)).toMatchObject({
      code: 'output-not-writable',
      message: `${file} cannot be used: a file with this name is already there.`,
    });
  });
});

describe('a model that cannot be compiled', () => {
  test('is refused before its weights are downloaded', async () => {
    const files = miniModel();
    files.set('config.json', text({ d_model: 7, encoder_attention_heads: 2 }));
    const server = await modelServer(files);
    expect((await failureOf(server, tempFolder())).code).toBe('checkpoint-unsupported');
    expect(server.requestsOf(WEIGHTS)).toEqual([]);
  });
});
