import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll } from 'vitest';
import type { Settings } from '../../service/settings/read.ts';
import type { StubInstructions } from '../service/engine/process/stub-engine.ts';
import { bundle } from '../../testing/bundle.ts';
import { fixturePackage } from '../../testing/fixtures.ts';
import { serve, type TestService } from './service.ts';

const engineProgram = bundle(new URL('../service/engine/process/stub-engine.ts', import.meta.url));

/** A token of the fixture's vocabulary, and the only text of these tests that contains it. */
export const MARKED = { token: 338, text: 'there are circles' } as const;

/** Starts services with a stub engine for the tests of one file. Each service is stopped after its test. */
export interface StubServices {
  /** Sets the behaviour of engines started from now on. */
  readonly instruct: (instructions: StubInstructions) => Promise<void>;
  /** Starts a service whose engines behave as instructed, and waits until it is ready. */
  readonly start: (
    instructions: StubInstructions,
    settings?: Partial<Settings>,
    options?: Parameters<typeof serve>[1],
  ) => Promise<TestService>;
}

/** Registers the hooks that these services need; call it once in a test file. */
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
