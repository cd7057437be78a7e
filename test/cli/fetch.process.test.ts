import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ofaVe, ofaVeProcess } from '../../testing/cli.ts';
import { PROGRAM } from '../../testing/service-process.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { miniModel, modelServer } from '../model/fetch/model-server.ts';
import { isSame, partialPath, WEIGHTS } from '../model/fetch/run-fetch.ts';

const LARGE = 'iic/ofa_visual-entailment_snli-ve_large_en';

describe('ofa-ve fetch', () => {
  test('fetches a preset from the endpoint in the environment', async () => {
    const server = await modelServer(miniModel(), { id: LARGE });
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

  test("honours ModelScope's variables: domain, token and cache", async () => {
    const server = await modelServer(miniModel(), { id: LARGE });
    const [folder, cache] = [tempFolder(), tempFolder()];
    const snapshot = join(cache, 'models', LARGE.replace('/', '--'), 'snapshots', 'v1');
    mkdirSync(snapshot, { recursive: true });
    writeFileSync(join(snapshot, WEIGHTS), server.files.get(WEIGHTS)?.read(0, Infinity) ?? '');
    const env = {
      MODELSCOPE_ENDPOINT: '',
      // A domain without a scheme would be asked by https, which the test's server does not speak.
      MODELSCOPE_DOMAIN: server.endpoint,
      MODELSCOPE_API_TOKEN: 'ms-secret',
      MODELSCOPE_CACHE: cache,
    };
    const missing = await ofaVe(['fetch', 'large', folder], { ...env, MODELSCOPE_API_TOKEN: 'two words' });
    expect(missing).toMatchObject({ code: 2, stderr: 'MODELSCOPE_API_TOKEN must be one word of ASCII characters.\n' });
    server.intercept = (_, response) => {
      response.writeHead(401).end();
      return true;
    };
    const denied = await ofaVe(['fetch', 'large', folder], { ...env, DEBUG: '1' });
    expect(denied.stderr).toMatch(/denies access to model .*MODELSCOPE_API_TOKEN must be a token/);
    expect(denied.stdout + denied.stderr).not.toContain('ms-secret');
    const other = await modelServer(miniModel(), { id: LARGE, revision: 'v1' });
    const args = ['fetch', 'large', folder, '--revision', 'v1'];
    const { code, stdout } = await ofaVe(args, { ...env, MODELSCOPE_DOMAIN: other.endpoint });
    expect(code).toBe(0);
    expect(stdout).toContain("6 files, 1.40 MB, SHA-256 verified, 1 copied from ModelScope's cache.\n");
    expect(other.requestsOf(WEIGHTS)).toEqual([]);
    for (const { headers } of other.seen) expect(headers.authorization).toBe('Bearer ms-secret');
  });

  test('reports an error in one sentence, and exits with 1', async () => {
    const { endpoint } = await modelServer(miniModel());
    const { code, stdout, stderr } = await ofaVeProcess(['fetch', 'no/such', tempFolder(), '--endpoint', endpoint]);
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

  test.each(['SIGINT', 'SIGTERM'] as const)('keeps what was received on %s, and exits with 130', async (signal) => {
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
    expect(stderr).toMatch(/^Interrupted; run the same command again to resume\.$/m);
    expect(existsSync(partialPath(server, folder))).toBe(true);

    server.intercept = () => false;
    server.seen.length = 0;
    expect(await ofaVe(args.slice(1))).toMatchObject({ code: 0 });
    expect(server.requestsOf(WEIGHTS)[0]?.range).toMatch(/^bytes=[1-9]/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});
