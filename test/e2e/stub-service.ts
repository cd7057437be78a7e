import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll } from 'vitest';
import type { Settings } from '../../service/settings/read.ts';
import type { StubInstructions } from '../service/engine/process/stub-engine.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve } from './service.ts';
import type { TestService } from './service.ts';

const engineProgram = new URL('../service/engine/process/stub-engine.ts', import.meta.url);

/** A token of the fixture's vocabulary, and a text that holds it as no other text of these tests does. */
export const MARKED = { token: 338, text: 'there are circles' } as const;

/** Services of one file of tests, on an engine that does as it is told. Each is stopped after its test. */
export interface StubServices {
  /** Tells engines that are started from now on what to do. */
  readonly instruct: (instructions: StubInstructions) => Promise<void>;
  /** Starts a service whose engines follow the instructions, and waits until it is ready. */
  readonly start: (
    instructions: StubInstructions,
    settings?: Partial<Settings>,
    options?: Parameters<typeof serve>[1],
  ) => Promise<TestService>;
}

/** Registers what has to happen before and after this file's tests. */
export function stubServices(): StubServices {
  let packageDir = '';
  const started: TestService[] = [];
  beforeAll(async () => {
    packageDir = await fixturePackage('mini-none');
  });
  afterEach(async () => {
    for (const service of started.splice(0)) await service.stop();
  });

  const instruct = (instructions: StubInstructions): Promise<void> =>
    writeFile(join(packageDir, 'stub.json'), JSON.stringify(instructions));
  return {
    instruct,
    start: async (instructions, settings = {}, options = {}) => {
      await instruct(instructions);
      const service = await serve({ MODEL_DIR: packageDir, ...settings }, { engineProgram, ...options });
      started.push(service);
      return service;
    },
  };
}
