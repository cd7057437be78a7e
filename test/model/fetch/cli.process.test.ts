import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openPackage } from '../../../model/package/open-package.ts';
import { hasCudaProvider } from '../../../service/engine/device/cuda-provider.ts';
import { ofaVe, PROGRAM } from '../../../testing/cli.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';
import { type Content, content, miniModel, type ModelServer, modelServer } from './model-server.ts';
import { isSame, partialPath, WEIGHTS } from './run-fetch.ts';

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
  files.set(
    'configuration.json',
    content(Buffer.from(text.replace('"ans2label.json"', '"./answers/ans2label.json"'))),
  );
  files.set('answers/ans2label.json', answers);
  files.delete('ans2label.json');
  return files;
}

/** What `nvidia-smi` does on a machine with a GPU that the installed ONNX Runtime can run on. */
const T4 = 'echo "0, GPU-aaaa, NVIDIA T4, 15360, 15000, 7.5, 580.95.05, Disabled"';

/** A folder for PATH in which `nvidia-smi` does as told. */
function machineWith(nvidiaSmi: string): NodeJS.ProcessEnv {
  const folder = tempFolder();
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\n${nvidiaSmi}\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}`, DEVICE: 'cpu', ENGINE_THREADS: '1' };
}

describe('ofa-ve fetch', () => {
  test('fetches a preset from the endpoint in the environment', async () => {
    const server = await largeServer();
    const folder = join(tempFolder(), 'checkpoint');
    const env = { MODELSCOPE_ENDPOINT: server.endpoint };
    const first = await ofaVe(['fetch', 'large', folder], env);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toBe(
      `${folder}: 6 files, 1.40 MB, SHA-256 verified.\nCompile it: npx ofa-ve compile ${folder} <package-folder>\n`,
    );
    expect(first.stderr).toMatch(/^fetching: 100 % of 1\.40 MB, /m);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
    const second = await ofaVe(['fetch', LARGE, folder], env);
    expect(second.stdout).toMatch(/: 6 files, 1\.40 MB, SHA-256 verified, all already there\.\n/);
    expect(second.stderr).toBe('');
  });

  test('fetches from the address of a page, whatever endpoint the environment names', async () => {
    const server = await modelServer(miniModel());
    const folder = tempFolder();
    const address = `${server.endpoint}/models/${server.id}/summary`;
    const env = { MODELSCOPE_ENDPOINT: 'http://127.0.0.1:9' };
    expect(await ofaVe(['fetch', address, folder], env)).toMatchObject({ code: 0 });
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });

  test('reports an error in one sentence, and exits with 1', async () => {
    const { endpoint } = await modelServer(miniModel());
    const { code, stdout, stderr } = await ofaVe(['fetch', 'no/such', tempFolder(), '--endpoint', endpoint]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^127\.0\.0\.1:\d+ has no model no\/such with revision master: [^\n]*\.\n$/);
  });

  test('lists the presets and what they need in its help', async () => {
    const { stdout } = await ofaVe(['fetch', '--help']);
    expect(stdout).toMatch(
      /^ {2}large +iic\S+large_en +about 1\.90 GB, +serves on 1 GPU, 2 to 4 CPUs, 5\.5Gi to 6Gi of memory$/m,
    );
    expect(stdout).toMatch(/^ {2}distilled +iic\S+ +about 140 MB, +serves on no GPU, 2 to 4 CPUs, /m);
  });

  test.each(['0', '17', 'many'])('refuses %s connections as a usage error', async (count) => {
    const { code, stderr } = await ofaVe(['fetch', 'large', '--connections', count]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/It must be a whole number from 1 to 16\./);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'keeps what was received on %s, and exits with 130',
    async (signal) => {
      const server = await modelServer(miniModel());
      const folder = tempFolder();
      const bytes = server.files.get(WEIGHTS)?.bytes ?? 0;
      const sent = { half: false };
      server.intercept = ({ file }, response) => {
        if (file !== WEIGHTS) return false;
        response.writeHead(200, { 'content-length': bytes });
        response.write(server.files.get(WEIGHTS)?.read(0, bytes / 2), () => (sent.half = true));
        return true;
      };
      const args = [PROGRAM, 'fetch', server.id, folder, '--endpoint', server.endpoint];
      const child = spawn(process.execPath, args);
      let stderr = '';
      child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
      const code = new Promise((resolve) => child.once('close', resolve));
      while (!sent.half || !stderr.includes(' 40 %')) await sleep(20);
      child.kill(signal);
      expect(await code).toBe(130);
      expect(stderr).toMatch(
        /^Interrupted: 0\.7 MB of 1\.4 MB are in .*; run the same command again to resume\.$/m,
      );
      expect(existsSync(partialPath(server, folder))).toBe(true);

      server.intercept = () => false;
      server.seen.length = 0;
      expect(await ofaVe(args.slice(1))).toMatchObject({ code: 0 });
      expect(server.requestsOf(WEIGHTS)[0]?.range).toMatch(/^bytes=[1-9]/);
      expect(isSame(server, folder, WEIGHTS)).toBe(true);
    },
  );
});

describe('ofa-ve setup', () => {
  test('goes from a preset to a package whose self-test has passed, once', async () => {
    const server = await largeServer();
    const cache = join(tempFolder(), 'cache');
    // It has a GPU, which DEVICE=cpu leaves alone.
    const env = machineWith(T4);
    const args = ['setup', 'large', '--cache', cache, '--endpoint', server.endpoint];
    const first = await ofaVe(args, env);
    expect(first).toMatchObject({ code: 0 });
    const target = join(cache, 'packages', 'large-fp32');
    expect(first.stdout.split('\n')).toEqual([
      'DEVICE is cpu: compiling to fp32.',
      `${join(cache, 'checkpoints', 'large')}: 6 files, 1.40 MB, SHA-256 verified.`,
      `${target}: compiled.`,
      expect.stringMatching(
        /^Self-test passed on the CPU: probabilities within \d\.\de-\d+ of the compiler's\.$/,
      ),
      `Ready. Start it: npm start -- --model ${target}`,
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

  test('compiles a model with a file in a folder once', async () => {
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

  test('makes fp16 where it is told to, and tells when the CPU has to run it', async () => {
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

  test.skipIf(hasCudaProvider())('says before it fetches what a GPU lacks for an fp16 package', async () => {
    const { endpoint } = await modelServer(miniModel());
    const env = { ...machineWith(T4), DEVICE: 'auto' };
    const { stdout } = await ofaVe(['setup', '--cache', tempFolder(), '--endpoint', endpoint], env);
    expect(stdout.split('\n')).toEqual([
      "DEVICE is auto, and ONNX Runtime's CUDA provider is not installed: compiling to fp32.",
      expect.stringMatching(
        /^To use GPU 0 \(NVIDIA T4\), install it with `.*install\.js` and run `setup` again/,
      ),
      '',
    ]);
  });

  test('compiles again what was made of other files', async () => {
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

  test('ends with a sentence where nothing can be fetched', async () => {
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
