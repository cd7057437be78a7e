import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../testing/root.ts';
import { attempt, has, run, step, type Finished, type RunOptions } from './shell.ts';

/** What builds and runs images here: Docker with BuildKit, or podman. */
export interface Engine {
  readonly name: 'docker' | 'podman';
  /** Runs a command of the engine; fails when it does. */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<string>;
  /** Runs a command of the engine to its end. */
  readonly attempt: (args: readonly string[], options?: RunOptions) => Promise<Finished>;
}

/** Builds a target of the Dockerfile under a tag, with further arguments. */
export type Build = (target: string, tag: string, more?: readonly string[]) => Promise<void>;

/** Where stand-in bases and podman's images are kept from one run to the next. */
export const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'ofa-ve', 'image-test');

/** What podman and the stand-in bases need, as Debian and Ubuntu name it. */
const PACKAGES = ['podman', 'buildah', 'runc', 'netavark', 'uidmap', 'debootstrap', 'ca-certificates'];

/** Settings with which podman works as root in a sandbox without systemd, user sessions and IPC namespaces. */
const CONTAINERS_CONF = `
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
`;

/** Docker where a daemon answers, else podman, which is installed where that is possible. */
export async function findEngine(): Promise<Engine> {
  const docker = await attempt('docker', ['info', '--format', '{{.ServerVersion}}'], {
    timeoutMs: 20_000,
  }).catch(() => undefined);
  if (docker?.code === 0) return engine('docker', { DOCKER_BUILDKIT: '1' });
  await installPodman();
  // When a container runs out of memory, its monitor leaves a file named `oom` in the current folder.
  return engine('podman', await podmanEnvironment(), CACHE);
}

function engine(name: Engine['name'], env: NodeJS.ProcessEnv, cwd = ROOT): Engine {
  return {
    name,
    run: (args, options) => run(name, args, { cwd, ...options, env }),
    attempt: (args, options) => attempt(name, args, { cwd, ...options, env }),
  };
}

async function installPodman(): Promise<void> {
  if ((await has('podman')) && (await has('runc')) && (await has('debootstrap'))) return;
  if (process.getuid?.() !== 0 || !(await has('apt-get'))) {
    throw new Error(
      `No Docker daemon answers, and podman is not complete. Start Docker, or install as root: apt-get install ${PACKAGES.join(' ')}`,
    );
  }
  step('installing podman');
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], { env });
}

/** Podman with a storage of its own, so that the images of whoever works here stay as they are. */
async function podmanEnvironment(): Promise<NodeJS.ProcessEnv> {
  if (process.getuid?.() !== 0) throw new Error('The image test with podman runs as root only.');
  await mkdir(CACHE, { recursive: true });
  const containers = path.join(CACHE, 'containers.conf');
  const storage = path.join(CACHE, 'storage.conf');
  await writeFile(containers, CONTAINERS_CONF);
  await writeFile(
    storage,
    `[storage]\ndriver = "overlay"\ngraphroot = "${CACHE}/storage"\nrunroot = "/run/ofa-ve-image-test"\n`,
  );
  return {
    CONTAINERS_CONF: containers,
    CONTAINERS_STORAGE_CONF: storage,
    BUILDAH_ISOLATION: 'chroot',
    // OCI's own format has no health check.
    BUILDAH_FORMAT: 'docker',
  };
}
