import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ofaVe, PROGRAM } from '../../testing/cli.ts';
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
    expect(stderr).toMatch(/^Interrupted: 0\.7 MB of 1\.4 MB are in .*; run the same command again to resume\.$/m);
    expect(existsSync(partialPath(server, folder))).toBe(true);

    server.intercept = () => false;
    server.seen.length = 0;
    expect(await ofaVe(args.slice(1))).toMatchObject({ code: 0 });
    expect(server.requestsOf(WEIGHTS)[0]?.range).toMatch(/^bytes=[1-9]/);
    expect(isSame(server, folder, WEIGHTS)).toBe(true);
  });
});
