import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path, { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPackage } from '../../model/package/open-package.ts';
import { hasCudaProvider } from '../../service/engine/device/cuda-provider.ts';
import { ofaVe, ofaVeProcess } from '../../testing/cli.ts';
import { fixtureFile } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { type Content, content, miniModel, type ModelServer, modelServer } from '../model/fetch/model-server.ts';

const LARGE = 'iic/ofa_visual-entailment_snli-ve_large_en';

/** Starts a server that publishes the small checkpoint under the id of the large one. */
async function largeServer(): Promise<ModelServer> {
  return modelServer(miniModel(), { id: LARGE });
}

/** The small checkpoint with its answers in a folder of their own. */
function modelWithFolder(): Map<string, Content> {
  const files = miniModel();
  const [configuration, answers] = [files.get('configuration.json'), files.get('ans2label.json')];
  if (configuration === undefined || answers === undefined) throw new Error('The fixture lacks a file.');
  const text = Buffer.from(configuration.read(0, configuration.bytes)).toString();
  files.set('configuration.json', content(Buffer.from(text.replace('"ans2label.json"', '"./answers/ans2label.json"'))));
  files.set('answers/ans2label.json', answers);
  files.delete('ans2label.json');
  return files;
}

/** What `nvidia-smi` does on a machine with a GPU that the installed ONNX Runtime can run on. */
const T4 = 'echo "0, GPU-aaaa, NVIDIA T4, 15360, 15000, 7.5, 580.95.05, Disabled"';

/** The environment of a machine on which `nvidia-smi` is this script. */
function machineWith(nvidiaSmi: string): NodeJS.ProcessEnv {
  const folder = tempFolder();
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\n${nvidiaSmi}\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}`, DEVICE: 'cpu', ENGINE_THREADS: '1' };
}

describe('ofa-ve setup', () => {
  test('turns a preset into a package that passes its self-test, once', async () => {
    const server = await largeServer();
    const cache = join(tempFolder(), 'cache');
    // There is a GPU, but DEVICE=cpu leaves it unused.
    const env = machineWith(T4);
    const args = ['setup', 'large', '--cache', cache, '--endpoint', server.endpoint];
    const first = await ofaVeProcess(args, env);
    expect(first).toMatchObject({ code: 0 });
    const target = join(cache, 'packages', 'large-fp32');
    expect(first.stdout.split('\n')).toEqual([
      'DEVICE is cpu: compiling to fp32.',
      `${join(cache, 'checkpoints', 'large')}: 6 files, 1.40 MB, SHA-256 verified.`,
      `${target}: compiled.`,
      expect.stringMatching(/^Self-test passed on the CPU: probabilities within \d\.\de-\d+ of the compiler's\.$/),
      `Ready. Start it: npm start -- --model ${target}`,
      expect.stringMatching(/^Another choice is --precision int8: more than twice the speed of fp32 where /),
      '',
    ]);
    const { manifest } = await openPackage(target);
    expect(manifest).toMatchObject({
      name: LARGE.split('/')[1],
      precision: 'fp32',
      answers: ['yes', 'no', 'maybe'],
    });

    const second = await ofaVe(args, env);
    expect(second.stdout).toContain(`${target}: already compiled and up to date.\n`);
    expect(second.stdout).toContain('SHA-256 verified, all already there.');
  });

  test('compiles a model with a file in a subfolder once', async () => {
    const server = await modelServer(modelWithFolder(), { id: LARGE });
    const cache = tempFolder();
    const env = machineWith('exit 9');
    const args = ['setup', 'large', '--cache', cache, '--endpoint', server.endpoint];
    const target = join(cache, 'packages', 'large-fp32');
    expect((await ofaVe(args, env)).stdout).toContain(`${target}: compiled.\n`);
    const { manifest } = await openPackage(target);
    expect(manifest.source.files.map((file) => file.name)).toContain('answers/ans2label.json');
    expect((await ofaVe(args, env)).stdout).toContain(`${target}: already compiled and up to date.\n`);
  });

  test('compiles to fp16 on request, and reports that the CPU has to run it', async () => {
    const server = await largeServer();
    const cache = tempFolder();
    const env = { ...machineWith('exit 6'), DEVICE: 'auto' };
    const args = ['setup', '--precision', 'fp16', '--cache', cache, '--endpoint', server.endpoint];
    const { code, stdout } = await ofaVe(args, env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^--precision is given: compiling to fp16\.$/m);
    expect(stdout).toMatch(/^No GPU is used \(DEVICE is auto, and .*\); `setup --precision fp32` compiles /m);
    expect(stdout).not.toContain('install.js');
    expect((await openPackage(join(cache, 'packages', 'large-fp16'))).manifest.precision).toBe('fp16');
  });

  test('compiles to int8 on request, with pictures of its own', async () => {
    const server = await largeServer();
    const [cache, pictures] = [tempFolder(), tempFolder()];
    copyFileSync(fixtureFile('mini-none', 'image-00.png'), join(pictures, 'a.png'));
    const args = ['setup', '--precision', 'int8', '--calibration', pictures, '--cache', cache];
    const run = () => ofaVe([...args, '--endpoint', server.endpoint], machineWith('exit 9'));
    const { code, stdout } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^--precision is given: compiling to int8\.$/m);
    const { manifest } = await openPackage(join(cache, 'packages', 'large-int8'));
    expect(manifest).toMatchObject({ precision: 'int8', calibration: { from: 'folder', pictures: 1 } });
    expect((await run()).stdout).toContain('large-int8: already compiled and up to date.\n');
  });

  test('refuses a calibration folder without pictures before it fetches', async () => {
    const pictures = tempFolder();
    const args = ['setup', '--precision', 'int8', '--calibration', pictures, '--cache', tempFolder()];
    const { code, stderr } = await ofaVe([...args, '--endpoint', 'http://127.0.0.1:9'], machineWith('exit 9'));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `The calibration folder ${pictures} has no pictures in it.\n`,
    });
  });

  test('refuses int8 for a GPU before it fetches', async () => {
    const args = ['setup', '--precision', 'int8', '--cache', tempFolder(), '--endpoint', 'http://127.0.0.1:9'];
    const { code, stderr } = await ofaVe(args, { ...machineWith(T4), DEVICE: 'cuda' });
    expect(code).toBe(1);
    expect(stderr).toContain('DEVICE is cuda, but ');
  });

  test.skipIf(hasCudaProvider())('reports what a GPU needs for an fp16 package before it fetches', async () => {
    const { endpoint } = await modelServer(miniModel());
    const env = { ...machineWith(T4), DEVICE: 'auto' };
    const { stdout } = await ofaVe(['setup', '--cache', tempFolder(), '--endpoint', endpoint], env);
    expect(stdout.split('\n')).toEqual([
      "DEVICE is auto, and ONNX Runtime's CUDA provider is not installed: compiling to fp32.",
      expect.stringMatching(/^To use GPU 0 \(NVIDIA T4\), install it with `.*install\.js` and run `setup` again/),
      '',
    ]);
  });

  test('compiles again if the package was made from other files', async () => {
    const server = await largeServer();
    const cache = tempFolder();
    const env = machineWith('exit 9');
    const args = ['setup', 'large', '--cache', cache, '--endpoint', server.endpoint];
    const target = join(cache, 'packages', 'large-fp32');
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'manifest.json'), '{}');
    expect((await ofaVe(args, env)).stdout).toContain(`${target}: compiled.\n`);
    expect(existsSync(join(target, 'model.onnx'))).toBe(true);
    expect((await ofaVe([...args, '--force'], env)).stdout).toContain(`${target}: compiled.\n`);
  });

  test('keeps models of the same name and other revisions apart', async () => {
    const cache = tempFolder();
    const run = async (id: string, revision: string, ...options: string[]): Promise<string> => {
      const { endpoint } = await modelServer(miniModel(), { id, revision });
      const args = ['setup', id, '--cache', cache, '--endpoint', endpoint, ...options];
      const { code, stdout } = await ofaVe(args, machineWith('exit 9'));
      expect(code).toBe(0);
      return stdout;
    };
    const packages = [
      await run('one/large', 'master'),
      await run('other/large', 'master'),
      await run('other/large', 'fix/1', '--revision', 'fix/1'),
    ].map((stdout) => path.relative(join(cache, 'packages'), / --model (\S+)$/m.exec(stdout)?.[1] ?? ''));
    expect(packages).toEqual(['one/large-fp32', 'other/large-fp32', 'other/large@fix%2F1-fp32']);
    for (const each of packages) {
      expect((await openPackage(join(cache, 'packages', each))).manifest.name).toBe('large');
      expect(existsSync(join(cache, 'checkpoints', each.replace(/-fp32$/, ''), 'config.json'))).toBe(true);
    }
  });

  test('reports in one sentence that a model cannot be fetched', async () => {
    const cache = tempFolder();
    const { endpoint } = await modelServer(miniModel());
    const { code, stderr } = await ofaVe(
      ['setup', 'distilled', '--cache', cache, '--endpoint', endpoint],
      machineWith('exit 9'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/has no model iic\/ofa_visual-entailment_snli-ve_distilled_v2_en with revision/);
    expect(existsSync(join(cache, 'packages'))).toBe(false);
  });
});
