import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { DEFAULT_NAMES } from '../../batch/input/columns.ts';
import { runBatch, type BatchOptions, type BatchResult } from '../../batch/run.ts';
import { openModel, type OpenModel } from '../../service/inference/open-model.ts';
import { readSettings, type Settings } from '../../service/settings/read.ts';
import { bundle } from '../../testing/bundle.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import type { StubInstructions } from '../service/engine/process/stub-engine.ts';

const engineProgram = bundle(new URL('../service/engine/process/stub-engine.ts', import.meta.url));

export interface RunOptions extends Omit<Partial<BatchOptions>, 'source' | 'model' | 'settings'> {
  readonly input: string;
  readonly output: string;
  readonly source?: Partial<BatchOptions['source']>;
  /** The model that runs. @default one that all runs of the file share, whose engines work */
  readonly special?: {
    readonly instructions?: StubInstructions;
    readonly packageDir?: string;
    readonly env?: Readonly<Record<string, string>>;
  };
}

/** Runs with a stub engine, whose answers tell which text and picture they belong to. Call it once in a test file. */
export function stubRuns(): (options: RunOptions) => Promise<BatchResult> {
  let packageDir = '';
  let shared: OpenModel | undefined;
  const settingsOf = (env: Readonly<Record<string, string>> = {}): Settings =>
    readSettings({ DEVICE: 'cpu', MAX_BATCH: '4', FEATURE_CACHE_MB: '0', ...env });
  beforeAll(async () => {
    packageDir = await fixturePackage('mini-none');
    writeFileSync(join(packageDir, 'stub.json'), '{}');
    shared = await openModel(packageDir, settingsOf(), { engineProgram });
  });
  afterAll(() => shared?.close());

  return async ({ input, source, special, ...options }) => {
    const settings = settingsOf(special?.env);
    const dir = special?.packageDir ?? packageDir;
    if (special !== undefined) writeFileSync(join(dir, 'stub.json'), JSON.stringify(special.instructions ?? {}));
    const model = special === undefined ? shared : await openModel(dir, settings, { engineProgram });
    if (model === undefined) throw new Error('The model is not open yet.');
    try {
      return await runBatch({
        model,
        settings,
        source: { input, format: undefined, images: undefined, allowOutside: false, ...source },
        names: DEFAULT_NAMES,
        hosts: [],
        texts: [],
        partRows: 50,
        signal: new AbortController().signal,
        ...options,
      });
    } finally {
      if (special !== undefined) await model.close();
    }
  };
}
