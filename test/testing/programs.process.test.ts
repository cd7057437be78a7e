import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../testing/root.ts';

it.each([
  ['test/clients/main.ts', 'pyhton', '"pyhton" is part of no name; there are: openapi-generator'],
  ['test/cluster/main.ts', 'scenarois', '"scenarois" is part of no name; there are: scenarios; replicas;'],
  ['docs/generate/main.ts', '--chek', "Unknown option '--chek'"],
])('%s refuses %s instead of doing something else', async (program, argument, sentence) => {
  const { code, stdout, stderr } = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const command = [join(ROOT, 'bin/run.js'), join(ROOT, program), argument];
    execFile(process.execPath, command, { cwd: ROOT, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error?.code ?? 0, stdout: out, stderr: err });
    });
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(sentence);
});
