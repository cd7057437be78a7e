import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../model/errors.ts';
import { openModel, type OpenModel } from '../../../service/inference/open-model.ts';
import { DEFAULT_SETTINGS } from '../../../service/contract.ts';
import { bundle } from '../../../testing/bundle.ts';
import { fixturePackage } from '../../../testing/fixtures.ts';
import type { StubInstructions } from '../engine/process/stub-engine.ts';

const engineProgram = bundle(new URL('../engine/process/stub-engine.ts', import.meta.url));

let packageDir = '';
let model: OpenModel | undefined;
beforeEach(async () => {
  packageDir = await fixturePackage('mini-none');
});
afterEach(async () => {
  await model?.close();
  model = undefined;
});

async function open(instructions: StubInstructions): Promise<OpenModel> {
  await writeFile(join(packageDir, 'stub.json'), JSON.stringify(instructions));
  model = await openModel(packageDir, { ...DEFAULT_SETTINGS, DEVICE: 'cpu' }, { engineProgram });
  return model;
}

it('leaves no file open when the engines cannot be planned', async () => {
  const files = (): number => readdirSync('/proc/self/fd').length;
  const before = files();
  const opening = openModel(packageDir, { ...DEFAULT_SETTINGS, DEVICE: 'cuda', ENGINES: 99 }, { engineProgram });
  await expect(opening).rejects.toThrow(UserError);
  expect(files()).toBe(before);
});

describe('failFast', () => {
  it('starts the engines and returns the result of the work', async () => {
    const opened = await open({});
    await expect(opened.failFast(opened.pool.whenReady().then(() => 'done'))).resolves.toBe('done');
    expect(opened.pool.isReady).toBe(true);
  });

  it('rejects with the first engine failure, also for work that comes later', async () => {
    const opened = await open({ start: 'self-test' });
    const failure = await opened.failFast(opened.pool.whenReady()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).toMatchObject({
      code: 'engine-failed',
      message: expect.stringMatching(/^The engine failed: self-test failed: .*\.$/) as unknown,
    });
    await expect(opened.failFast(new Promise(() => undefined))).rejects.toBe(failure);
  });
});
