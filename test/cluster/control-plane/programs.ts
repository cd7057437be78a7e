import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** Version of Kubernetes that is built. */
export const KUBERNETES_VERSION = '1.37.2';

/** Modules that hold the CRDs of the projects whose objects the deployment may contain. */
const CRD_MODULES = {
  gatewayApi: 'sigs.k8s.io/gateway-api@v1.6.3',
  istio: 'istio.io/api@v1.32.0',
  keda: 'github.com/kedacore/keda/v2@v2.21.0',
  kserve: 'github.com/kserve/kserve@v0.20.0',
  prometheusOperator: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
} as const;

const CACHE = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'ofa-ve', 'cluster');
const WORK = path.join(CACHE, `kubernetes-${KUBERNETES_VERSION}`);

/** Programs that are built, each of which is a package of the module k8s.io/kubernetes. */
const BUILT = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

/** Paths of the programs of a control plane. */
export type Programs = Readonly<Record<(typeof BUILT)[number] | 'etcd' | 'prometheus', string>>;

/**
 * Finds the programs. Those of Kubernetes are built the first time, which takes 10 to 40 minutes, and kept in
 * `~/.cache/ofa-ve/cluster`; etcd and Prometheus must be installed.
 *
 * @param report receives a line before each build
 */
export async function findPrograms(report: (line: string) => void): Promise<Programs> {
  const installed = { etcd: await findInstalled('etcd', 'etcd-server'), prometheus: await findInstalled('prometheus') };
  const bin = path.join(WORK, 'bin');
  const missing = [];
  for (const name of BUILT) if (!(await exists(path.join(bin, name)))) missing.push(name);
  if (missing.length > 0) await writeGoModule();
  for (const name of missing) {
    report(`building ${name} ${KUBERNETES_VERSION}`);
    await build(name, bin);
  }
  const built = Object.fromEntries(BUILT.map((name) => [name, path.join(bin, name)]));
  return { ...built, ...installed } as Programs;
}

/** Files with the CRDs of all kinds that a deployment may contain, to apply with kubectl. */
export async function findCrds(): Promise<string[]> {
  const gatewayApi = path.join(await moduleFolder(CRD_MODULES.gatewayApi), 'config/crd/standard');
  const istio = path.join(await moduleFolder(CRD_MODULES.istio), 'kubernetes');
  const keda = path.join(await moduleFolder(CRD_MODULES.keda), 'config/crd/bases');
  const kserve = path.join(await moduleFolder(CRD_MODULES.kserve), 'config/crd/full');
  const prometheusOperator = await moduleFolder(CRD_MODULES.prometheusOperator);
  const monitoring = path.join(prometheusOperator, 'example/prometheus-operator-crd');
  return [
    ...['httproutes', 'grpcroutes'].map((kind) => path.join(gatewayApi, `gateway.networking.k8s.io_${kind}.yaml`)),
    path.join(istio, 'customresourcedefinitions.gen.yaml'),
    path.join(keda, 'keda.sh_scaledobjects.yaml'),
    ...['inferenceservices', 'servingruntimes'].map((kind) => path.join(kserve, `serving.kserve.io_${kind}.yaml`)),
    ...['podmonitors', 'servicemonitors', 'prometheusrules'].map((kind) =>
      path.join(monitoring, `monitoring.coreos.com_${kind}.yaml`),
    ),
  ];
}

/** Versions of the modules with CRDs, as `module@version`. */
export const crdVersions: readonly string[] = Object.values(CRD_MODULES);

/**
 * A module that requires Kubernetes. Kubernetes replaces its staging modules by folders which its published module does
 * not contain, so this one replaces them by the published ones.
 */
async function writeGoModule(): Promise<void> {
  const source = await moduleFolder(`k8s.io/kubernetes@v${KUBERNETES_VERSION}`);
  const goMod = await readFile(path.join(source, 'go.mod'), 'utf8');
  const go = /^go .+$/m.exec(goMod)?.[0] ?? '';
  const published = `v${KUBERNETES_VERSION.replace(/^1/, '0')}`;
  const staging = [...goMod.matchAll(/^\s*(\S+) => \.\/staging\//gm)].map(([, name = '']) => name);
  const lines = [
    'module ofa-ve.example/cluster',
    go,
    `require k8s.io/kubernetes v${KUBERNETES_VERSION}`,
    ...staging.map((name) => `replace ${name} => ${name} ${published}`),
  ];
  await mkdir(WORK, { recursive: true });
  await writeFile(path.join(WORK, 'go.mod'), `${lines.join('\n\n')}\n`);
  await copyFile(path.join(source, 'go.sum'), path.join(WORK, 'go.sum'));
}

async function build(name: string, bin: string): Promise<void> {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  const version = 'k8s.io/component-base/version';
  const flags = [
    '-s -w',
    `-X ${version}.gitVersion=v${KUBERNETES_VERSION}`,
    `-X ${version}.gitMajor=${major}`,
    `-X ${version}.gitMinor=${minor}`,
    `-X k8s.io/client-go/pkg/version.gitVersion=v${KUBERNETES_VERSION}`,
  ];
  const target = path.join(bin, name);
  const unfinished = `${target}.part`;
  await mkdir(bin, { recursive: true });
  const args = ['build', '-trimpath', '-ldflags', flags.join(' '), '-o', unfinished, `k8s.io/kubernetes/cmd/${name}`];
  await go(args, WORK);
  await rename(unfinished, target);
}

/** Downloads a module if necessary. Gives its folder in Go's cache. */
async function moduleFolder(module: string): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  const { Dir } = JSON.parse(await go(['mod', 'download', '-json', module], CACHE)) as { Dir: string };
  return Dir;
}

async function go(args: readonly string[], cwd: string): Promise<string> {
  const program = await findInstalled('go', 'golang', ['/usr/local/go/bin']);
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false' };
  const { stdout } = await promisify(execFile)(program, args, { cwd, env, maxBuffer: 64 * 2 ** 20 });
  return stdout;
}

async function findInstalled(name: string, debian = name, more: readonly string[] = []): Promise<string> {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), ...more];
  for (const folder of folders) {
    const file = path.join(folder, name);
    if (await exists(file)) return file;
  }
  throw new Error(`${name} is not on PATH; install it (Debian's package is ${debian}).`);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
