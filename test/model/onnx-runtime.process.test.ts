import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fixtureFile } from '../../testing/fixtures.ts';
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
