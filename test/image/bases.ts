import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CACHE, type Engine } from './engine.ts';
import { run, step } from './shell.ts';

/** Build arguments of the Dockerfile that name the bases. */
export type BaseArguments = Readonly<Record<string, string>>;

const MIRROR = 'http://deb.debian.org/debian';
/** The npm of the stand-in; the real base has the one of its Node.js. */
const NPM_VERSION = '11.21.2';

/** The default of a build argument in the Dockerfile. */
async function defaultOf(dockerfile: string, name: string): Promise<string> {
  const found = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(await readFile(dockerfile, 'utf8'));
  if (found?.[1] === undefined) throw new Error(`${dockerfile} has no default for ${name}.`);
  return found[1];
}

/**
 * Bases where no registry can be reached: the same Debian and the same Node.js, put together from Debian's and npm's
 * packages. They are made once. NVIDIA's have no stand-in.
 *
 * @returns the build arguments that name them
 */
export async function standInBases(engine: Engine, dockerfile: string): Promise<BaseArguments> {
  const nodeTag = await defaultOf(dockerfile, 'NODE_BASE');
  const node = /:(\d+\.\d+\.\d+)-(\w+)-slim/.exec(nodeTag);
  const [, version = '', suite = ''] = node ?? [];
  if (version === '') throw new Error(`NODE_BASE is ${nodeTag}, where node:VERSION-SUITE-slim was expected.`);
  const debian = `localhost/ofa-ve-base:${suite}`;
  const withNode = `localhost/ofa-ve-base:node-${version}-npm-${NPM_VERSION}-${suite}`;
  await importOnce(engine, debian, async (root) => {
    await bootstrap(suite, root);
  });
  await importOnce(engine, withNode, async (root) => {
    await bootstrap(suite, root);
    await addNode(root, version);
  });
  return { NODE_BASE: withNode, DEBIAN_BASE: debian };
}

/** A root file system of Debian's essential packages. */
async function bootstrap(suite: string, root: string): Promise<void> {
  const archive = path.join(CACHE, `${suite}.tar`);
  if (!existsSync(archive)) {
    step(`Debian ${suite} by debootstrap, once`);
    const args = ['--variant=minbase', '--include=ca-certificates,libstdc++6', suite, root, MIRROR];
    await run('debootstrap', args);
    await rm(path.join(root, 'var/cache/apt'), { recursive: true, force: true });
    await rm(path.join(root, 'var/lib/apt/lists'), { recursive: true, force: true });
    // Under another name until it is complete.
    await run('tar', ['-C', root, '--one-file-system', '-cf', `${archive}.part`, '.']);
    await rename(`${archive}.part`, archive);
    return;
  }
  await run('tar', ['-C', root, '-xf', archive]);
}

/** Node.js of that very version with its licence, as npm's registry has it, and npm. */
async function addNode(root: string, version: string): Promise<void> {
  step(`Node.js ${version} from npm's registry, once`);
  const platform = `node-linux-${process.arch}`;
  const local = path.join(root, 'usr/local');
  const npm = path.join(local, 'lib/node_modules/npm');
  await mkdir(path.join(local, 'bin'), { recursive: true });
  await mkdir(npm, { recursive: true });
  const packages: [string, string[]][] = [
    [`${platform}@${version}`, ['-C', local, '--strip-components=1', 'package/bin/node', 'package/LICENSE']],
    [`npm@${NPM_VERSION}`, ['-C', npm, '--strip-components=1']],
  ];
  const scratch = await mkdtemp(path.join(tmpdir(), 'ofa-ve-node-'));
  try {
    for (const [name, target] of packages) {
      const printed = await run('npm', ['pack', name, '--json', '--loglevel=error'], { cwd: scratch });
      const file = /"filename": "([^"]+)"/.exec(printed)?.[1];
      if (file === undefined) throw new Error(`npm pack ${name} named no file:\n${printed}`);
      await run('tar', ['-xzf', path.join(scratch, file), ...target]);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin/npm'));
  await symlink('../lib/node_modules/npm/bin/npx-cli.js', path.join(local, 'bin/npx'));
}

async function importOnce(engine: Engine, tag: string, fill: (root: string) => Promise<void>): Promise<void> {
  if ((await engine.attempt(['image', 'inspect', tag])).code === 0) return;
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(path.join(CACHE, 'base-'));
  try {
    const root = path.join(folder, 'root');
    await mkdir(root);
    await fill(root);
    await run('tar', ['-C', root, '--one-file-system', '-cf', path.join(folder, 'base.tar'), '.']);
    await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\nADD base.tar /\nCMD ["/bin/sh"]\n');
    await writeFile(path.join(folder, '.dockerignore'), 'root\n');
    await engine.run(['build', '--tag', tag, folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
