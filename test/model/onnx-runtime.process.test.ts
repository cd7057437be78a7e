import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { ofaVeProcess } from '../../testing/cli.ts';
import { tempFolder } from '../../testing/temp-folder.ts';

/** What ONNX Runtime's telemetry leaves behind: an identifier, events to be sent, and a log of its own. */
const TRACE = /deviceid|onnxruntime\.db|mat-debug|\.ses$/;

it('neither the compiler nor the engine leaves a trace of telemetry', async () => {
  const folder = tempFolder();
  const env: NodeJS.ProcessEnv = { HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: folder };
  // Where there is one of these ONNX Runtime sends nothing anyway.
  for (const name of ['CI', 'GITHUB_ACTIONS', 'TF_BUILD', 'ORT_DISABLE_TELEMETRY']) env[name] = undefined;
  const target = join(folder, 'package');
  const compiled = await ofaVeProcess(['compile', fixtureFile('mini-none', ''), target], env);
  expect(compiled.code, compiled.stderr).toBe(0);
  const image = fixtureFile('mini-none', 'image-00.png');
  const answered = await ofaVeProcess(['predict', '--model', target, '--image', image, '--text', 'a'], env);
  expect(answered.code, answered.stderr).toBe(0);
  const files = await readdir(folder, { recursive: true });
  expect(files.filter((file) => TRACE.test(file))).toEqual([]);
});

/** Loading ONNX Runtime's library fails as where there is none for the machine, in the program and its engines. */
const WITHOUT_LIBRARY = `data:text/javascript,${encodeURIComponent(`
  const dlopen = process.dlopen;
  process.dlopen = (module, file, ...rest) => {
    if (file.endsWith('onnxruntime_binding.node')) throw new Error('invalid ELF header');
    return dlopen(module, file, ...rest);
  };
`)}`;

it('says in a sentence that ONNX Runtime cannot be loaded, in commands and in the log of a service', async () => {
  const env = {
    NODE_OPTIONS: `--import=${WITHOUT_LIBRARY}`,
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    GRPC_PORT: '0',
  };
  const sentence = 'ONNX Runtime cannot be loaded: invalid ELF header. Install the packages again';
  const compiled = await ofaVeProcess(['compile', fixtureFile('mini-none', ''), join(tempFolder(), 'package')], env);
  expect(compiled.code).toBe(1);
  expect(compiled.stderr).toMatch(/^ONNX Runtime cannot be loaded: .*\n$/);
  const served = await ofaVeProcess(['serve', '--model', await fixturePackage('mini-none')], env);
  expect(served.code).toBe(1);
  expect(served.stdout).toContain(sentence);
  // Each line of an engine's own output would be one of the log.
  expect(served.stdout).not.toContain('engine output');
});
