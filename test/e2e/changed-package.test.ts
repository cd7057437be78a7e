import { cp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_FILES } from '../../model/package/layout.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { metric, predictBody, send, until } from './client.ts';
import { serve, type TestService } from './service.ts';

let packageDir = '';
let weights = '';
let lines: string[] = [];
let service: TestService | undefined;

beforeEach(async () => {
  packageDir = await fixturePackage('mini-none');
  weights = join(packageDir, PACKAGE_FILES.weights);
  lines = [];
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

async function start(options: { wait?: false } = {}): Promise<TestService> {
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  service = await serve({ MODEL_DIR: packageDir, MAX_BATCH: 2 }, { logger, ...options });
  return service;
}

/** Status and answer to a question; the status is 0 once the service is gone. */
async function ask({ url }: TestService): Promise<{ status: number; answer: unknown }> {
  const { status, body } = await send(`${url}/predict`, await predictBody('there are circles')).outcome;
  return { status, answer: status === 200 ? (JSON.parse(body) as { scores: unknown }).scores : undefined };
}

/** Ends the engine as a crash would. */
function killEngine({ model }: TestService): void {
  process.kill(model.pool.pid ?? 0, 'SIGKILL');
}

/** The sentence with which the service gave up. */
async function reasonOfEnd(live: TestService): Promise<string> {
  expect(await live.finished).toBe(1);
  expect(live.model.pool.isReady).toBe(false);
  const fatal = lines.map((line) => JSON.parse(line) as { msg: string; detail: string });
  return fatal.find(({ msg }) => msg === 'the model package cannot be served')?.detail ?? '';
}

async function flipBit(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

/** Puts another package in the place of the one that is served. */
async function swap(other: string): Promise<void> {
  await rename(packageDir, `${packageDir}.old`);
  await rename(other, packageDir);
}

describe('a service does not become ready', () => {
  it.each([PACKAGE_FILES.weights, PACKAGE_FILES.graph])('if a bit of %s is flipped', async (name) => {
    const { length } = await readFile(join(packageDir, name));
    // The last bytes are data in both files: neither the loader nor the self-test need notice.
    await flipBit(join(packageDir, name), length - 30);
    const live = await start({ wait: false });
    const sentence = await reasonOfEnd(live);
    expect(sentence).toMatch(new RegExp(`^${name} in the model package .* is damaged: its bytes 0 to ${length - 1} `));
    expect(lines.filter((line) => line.includes('"engine lost"'))).toHaveLength(1);
    expect((await ask(live)).status).not.toBe(200);
  });

  it('if the tokenizer is damaged', async () => {
    await flipBit(join(packageDir, PACKAGE_FILES.tokenizer), 5000);
    await expect(start()).rejects.toMatchObject({
      code: 'package-damaged',
      message: expect.stringMatching(/^tokenizer\.json in the model package .* is damaged/) as unknown,
    });
  });
});

describe('a service whose engine is lost', () => {
  it('ends if another package lies in the folder, and gives no answer from it', async () => {
    const live = await start();
    const before = await ask(live);
    expect(before.status).toBe(200);
    await swap(await fixturePackage('mini-prev-output'));
    // What is loaded stays what it was.
    expect(await ask(live)).toEqual(before);
    killEngine(live);
    await until('the engine is gone', () => !live.model.pool.isReady);
    expect((await ask(live)).status).not.toBe(200);
    expect(await reasonOfEnd(live)).toMatch(
      /^The model package .* was replaced or changed: its manifest\.json is not the one that was opened; start again/,
    );
  });

  it('ends if only the weights were replaced', async () => {
    const live = await start();
    await cp(weights, `${weights}.new`);
    await flipBit(`${weights}.new`, 70_000);
    await rename(`${weights}.new`, weights);
    killEngine(live);
    expect(await reasonOfEnd(live)).toMatch(/^model\.onnx\.data in the model package .* is damaged/);
  });

  it('ends if a file is missing', async () => {
    const live = await start();
    await rm(join(packageDir, PACKAGE_FILES.graph));
    killEngine(live);
    expect(await reasonOfEnd(live)).toMatch(/^model\.onnx in the model package .* is gone: no such file or folder/);
  });

  it('goes on if the folder was replaced by the same package', async () => {
    const live = await start();
    const before = await ask(live);
    await swap(await fixturePackage('mini-none'));
    killEngine(live);
    await until('the engine is lost', () => !live.model.pool.isReady);
    await until('another is ready', () => live.model.pool.isReady);
    expect(await ask(live)).toEqual(before);
  });
});

describe('a service under whose engine the weights are written', () => {
  it('gives no answer from them, and ends', async () => {
    const live = await start();
    const before = await ask(live);
    const bytes = await readFile(weights);
    await writeFile(
      weights,
      bytes.map((byte) => byte ^ 1),
    );
    expect((await ask(live)).status).not.toBe(200);
    expect(before.status).toBe(200);
    expect(await reasonOfEnd(live)).toMatch(/^model\.onnx\.data in the model package .* is damaged/);
  });

  it('goes on with another engine if they are the same as before', async () => {
    const live = await start();
    const before = await ask(live);
    await utimes(weights, new Date(), new Date());
    expect(await ask(live)).toEqual(before);
    expect(await metric(live.adminUrl, 'ofa_ve_engine_restarts_total{reason="run_error"}')).toBe(1);
  });
});
