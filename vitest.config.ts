import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const PROCESS_TESTS = 'test/**/*.process.test.ts';
const TEMP_FOLDERS = 'testing/setup/temp-folders.ts';
const E2E_TESTS = 'test/e2e/**/*.test.ts';
/** Fails a test that asserts nothing, such as one whose loop is over an empty list. Those in a browser wait instead. */
const ASSERTING = { expect: { requireAssertions: true } };

function project(test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration {
  return {
    test: {
      pool: 'forks',
      setupFiles: [TEMP_FOLDERS],
      // Seconds on a quiet machine; a busy one starts processes late.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      ...test,
      expect: { poll: { timeout: 30_000 }, ...test?.expect },
    },
  };
}

/** The projects share one pool of workers and run at the same time. */
export default defineConfig({
  test: {
    // One more than there are cores: tests of processes often wait for them.
    maxWorkers: availableParallelism() + 1,
    globalSetup: ['testing/setup/shared-folder.ts'],
    // Child processes are not counted.
    coverage: {
      include: ['{model,service,batch,plan,library,infra,cli,demo}/**/*.ts'],
      reporter: ['text', 'html'],
    },
    projects: [
      project({
        ...ASSERTING,
        name: 'unit',
        include: ['test/**/*.test.ts'],
        exclude: [PROCESS_TESTS, E2E_TESTS],
        isolate: false,
        setupFiles: [TEMP_FOLDERS, 'testing/setup/no-processes.ts'],
      }),
      project({ ...ASSERTING, name: 'process', include: [PROCESS_TESTS] }),
      project({ name: 'e2e', include: [E2E_TESTS] }),
    ],
  },
});
