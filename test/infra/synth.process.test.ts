import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { environmentNames } from '../../infra/environment.ts';
import { importCrds } from '../../infra/crds/import.ts';
import { processTree } from '../../testing/process-usage.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { ROOT } from '../../testing/root.ts';

let folder = '';

beforeEach(() => {
  folder = tempFolder();
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `npx cdk8s synth` as a user does, but into a folder of the test. */
function synth(environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  // As in a fresh shell: npm hands its configuration on to what it starts, and this test is started by npm.
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|CDK8S_|OFA_VE_)/i.test(name)),
  );
  const env = { ...clean, ...environment };
  return new Promise((resolve) => {
    execFile('npx', ['cdk8s', 'synth', '--output', folder], { cwd: ROOT, env }, (error, stdout, stderr) => {
      // npm's own warnings are about the machine's configuration, not about the deployment.
      const own = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('npm '));
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr: own.join('\n') });
    });
  });
}

async function contents(of: string): Promise<Record<string, string>> {
  const files = (await readdir(of)).sort();
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file, await readFile(path.join(of, file), 'utf8')] as const)),
  );
}

describe('npx cdk8s synth', () => {
  it('writes what dist/ holds, and prints nothing but the files', async () => {
    const { code, stdout, stderr } = await synth();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const written = await contents(folder);
    expect(stdout.trim().split('\n')).toEqual([
      'Synthesizing application',
      ...Object.keys(written).map((file) => `  - ${path.join(folder, file)}`),
    ]);
    expect(written).toEqual(await contents(path.join(ROOT, 'dist')));
  });

  it('writes another environment when asked', async () => {
    const { code, stderr } = await synth({ OFA_VE_ENV: 'demo' });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect((await contents(folder))['0001-ofa-ve.k8s.yaml']).toContain('namespace: ofa-ve-demo');
  });

  it('stops with a sentence and without a stack trace', async () => {
    const { code, stderr } = await synth({ OFA_VE_ENV: 'staging' });
    expect(code).not.toBe(0);
    expect(stderr).toContain('OFA_VE_ENV is "staging"; it must be');
    expect(stderr).not.toContain('infra/environment.ts');
  });
});

/** Runs a program in the folder of the test. */
function run(program: string, args: readonly string[], env = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

/** Commits what is in the folder of the test. */
async function commit(): Promise<void> {
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
    ['-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-qm', 'a'],
  ])
    expect((await run('git', args)).code).toBe(0);
}

describe('ofa-ve synth', () => {
  const ofaVe = (...args: string[]): Promise<Ended> =>
    run(process.execPath, [path.join(ROOT, 'bin/ofa-ve.js'), 'synth', ...args]);

  it('writes what npx cdk8s synth writes, and names the files', async () => {
    const { code, stdout, stderr } = await ofaVe();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const written = await contents(path.join(folder, 'dist'));
    expect(written).toEqual(await contents(path.join(ROOT, 'dist')));
    expect(stdout.trim().split('\n')).toEqual(Object.keys(written).map((file) => path.join('dist', file)));
  });

  it('writes an environment into its own folder, with a kustomization beside it', async () => {
    const { code, stdout, stderr } = await ofaVe('--environment', 'demo');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('environments/demo/dist/0001-ofa-ve.k8s.yaml\n');
    expect((await readdir(path.join(folder, 'environments/demo'))).sort()).toEqual(['dist', 'kustomization.yaml']);
  });

  it.runIf(process.platform === 'linux')('takes its program with it when a signal ends it', async () => {
    const args = [path.join(ROOT, 'bin/ofa-ve.js'), 'synth', '--output', 'dist'];
    const command = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const stderr = text(command.stderr);
    const program = async (): Promise<number | undefined> => {
      for (const id of processTree(command.pid ?? 0)) {
        const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
        if (line.includes('infra/main.ts')) return id;
      }
      return undefined;
    };
    const id = await vi.waitUntil(program, { timeout: 30_000, interval: 5 });
    command.kill('SIGTERM');
    expect(await once(command, 'exit')).toEqual([130, null]);
    expect(await stderr).toBe('Interrupted; some manifests may be missing: run the same command again.\n');
    expect(existsSync(`/proc/${id}`)).toBe(false);
  });

  it('writes all of them when asked', async () => {
    expect((await ofaVe('--all')).code).toBe(0);
    expect((await readdir(path.join(folder, 'environments'))).sort()).toEqual(await environmentNames());
    expect(await contents(path.join(folder, 'dist'))).toEqual(await contents(path.join(ROOT, 'dist')));
  });

  it('says of which environment the commands and the mistakes are, and writes those after a wrong one', async () => {
    const copy = path.join(folder, 'copy');
    for (const name of ['batch', 'bin', 'infra', 'imports', 'model', 'service', 'package.json'])
      await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    await symlink(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
    await writeFile(
      path.join(copy, 'infra/environments/berlin.ts'),
      "import { config, extend } from '../config.ts';\nexport default extend(config, { kubernetesVersion: '1.1' });\n",
    );
    await ofaVe('--output', 'environments/demo/dist', '--environment', 'production');
    const { code, stderr } = await run(process.execPath, [
      path.join(copy, 'bin/run.js'),
      path.join(copy, 'infra/main.ts'),
      '--all',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^environments\/berlin\/dist:\nThe deployment's configuration has 1 mistake:\n {2}- kubernetesVersion .*\nenvironments\/demo\/dist:\n.*After it, run:\n/s,
    );
    expect(await contents(path.join(folder, 'environments/production/dist'))).toEqual(
      await contents(path.join(ROOT, 'environments/production/dist')),
    );
  });

  it('names the commands that remove what a change leaves behind, and nothing when asked again', async () => {
    await cp(path.join(ROOT, 'environments/production/dist'), path.join(folder, 'out'), { recursive: true });
    const changed = await ofaVe('--output', 'out');
    expect(changed.code).toBe(0);
    expect(changed.stderr).toMatch(/Before it, run .*:\n {2}kubectl delete -n ofa-ve scaledobject.keda.sh\/ofa-ve\n/);
    expect(changed.stderr).toContain('After it, run:\n');
    expect(changed.stderr).toContain('  kubectl delete -n ofa-ve httproute.gateway.networking.k8s.io/ofa-ve\n');
    expect(changed.stderr).not.toContain(' deployment.apps');
    expect((await ofaVe('--output', 'out')).stderr).toBe('');
  });

  it('removes the manifests of the folder, and nothing else', async () => {
    await mkdir(path.join(folder, 'apps'));
    await writeFile(path.join(folder, 'apps/README.md'), 'mine');
    await writeFile(path.join(folder, 'apps/0007-old.k8s.yaml'), '');
    const { code, stdout } = await ofaVe('--output', 'apps');
    const written = await contents(path.join(ROOT, 'dist'));
    expect(await contents(path.join(folder, 'apps'))).toEqual({ ...written, 'README.md': 'mine' });
    expect([code, stdout]).toEqual([
      0,
      Object.keys(written)
        .map((file) => `apps/${file}\n`)
        .join(''),
    ]);
  });

  it('compares with the last commit where a merge has left conflicts', async () => {
    await cp(path.join(ROOT, 'environments/production/dist'), path.join(folder, 'out'), { recursive: true });
    await commit();
    const file = path.join(folder, 'out/0001-ofa-ve.k8s.yaml');
    const lines = (await readFile(file, 'utf8')).split('\n');
    const conflict = ['<<<<<<< HEAD', 'kind: A', '=======', 'kind: B', '>>>>>>> theirs'];
    await writeFile(file, [...lines.slice(0, 4), ...conflict, ...lines.slice(4)].join('\n'));
    const { code, stderr } = await ofaVe('--output', 'out');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^out\/0001-ofa-ve\.k8s\.yaml was no manifest, .*\nkubectl apply alone would /);
    expect(stderr).toContain('  kubectl delete -n ofa-ve httproute.gateway.networking.k8s.io/ofa-ve\n');
    expect(stderr).not.toContain('undefined');
  });

  it('names the commands since the last commit again until they are committed', async () => {
    const steps = 'Before it, run';
    const uncommitted = 'The folder held changes that are not committed.';
    await cp(path.join(ROOT, 'environments/production/dist'), path.join(folder, 'out'), { recursive: true });
    await commit();
    const first = await ofaVe('--output', 'out');
    expect(first.stderr).toContain(steps);
    expect(first.stderr).not.toContain(uncommitted);
    const second = await ofaVe('--output', 'out');
    expect(second.stderr.startsWith(uncommitted)).toBe(true);
    expect(second.stderr.endsWith(first.stderr)).toBe(true);
    const back = await ofaVe('--output', 'out', '--environment', 'production');
    expect(back.stderr).toMatch(/Only kubectl apply is needed\.\n$/);
    await ofaVe('--output', 'out');
    await commit();
    expect((await ofaVe('--output', 'out')).stderr).toBe('');
  });

  it.runIf(process.platform === 'linux')('ends where no folder can be made', async () => {
    expect(await ofaVe('--output', '/proc/nothing/dist')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Cannot write the manifests to /proc/nothing/dist: no such file or folder.\n',
    });
  });

  it('ends with a sentence alone, and leaves the folder as it was', async () => {
    await cp(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true });
    const { code, stdout, stderr } = await ofaVe('--environment', 'staging');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^--environment is "staging"; it must be demo, .*\n$/);
    expect(await contents(path.join(folder, 'dist'))).toEqual(await contents(path.join(ROOT, 'dist')));
  });
});

describe('what a change leaves behind', () => {
  it('is found in the last commit where cdk8s has emptied the folder', async () => {
    const env = { ...process.env, CDK8S_OUTDIR: 'dist' };
    const main = (chosen: NodeJS.ProcessEnv): Promise<Ended> =>
      run(process.execPath, [path.join(ROOT, 'bin/run.js'), path.join(ROOT, 'infra/main.ts')], { ...env, ...chosen });
    await cp(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true });
    await commit();
    await rm(path.join(folder, 'dist'), { recursive: true });
    const { stderr } = await main({ OFA_VE_ENV: 'production' });
    expect(stderr).toContain('  kubectl delete -n ofa-ve ingress.networking.k8s.io/ofa-ve\n');
    expect(stderr).toMatch(/^dist\/ is the folder of infra\/config.ts; write production with --output environments\//);
  });
});

describe('dist/', () => {
  it('needs no custom resource: any cluster takes the default deployment', async () => {
    const groups = Object.values(await contents(path.join(ROOT, 'dist')))
      .flatMap((yaml) => [...yaml.matchAll(/^apiVersion: (\S+)$/gm)])
      .map((match) => match[1]);
    const builtIn = ['v1', 'apps/v1', 'autoscaling/v2', 'networking.k8s.io/v1', 'policy/v1'];
    expect([...new Set(groups)].sort()).toEqual(builtIn.sort());
  });
});

describe('imports/', () => {
  it('is what the generator makes of infra/crds', async () => {
    await importCrds(folder);
    expect(await contents(folder)).toEqual(await contents(path.join(ROOT, 'imports')));
  });
});
