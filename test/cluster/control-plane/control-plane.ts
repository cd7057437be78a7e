import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiClient } from './api-client.ts';
import { freePort } from '../../../testing/free-port.ts';
import { Processes } from './processes.ts';
import type { Programs } from './programs.ts';

/** How long a program may take to answer; a busy machine starts it late. */
const START_MS = 300_000;

/**
 * A control plane on 127.0.0.1: etcd, API server, controller manager and scheduler. Its data is in a temporary folder,
 * which is removed when this process ends.
 */
export class ControlPlane {
  readonly client: ApiClient;
  /** Path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Certificate of the API server and its key, which stand-ins for other servers use too. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Empty folder for files of the checks. */
  readonly folder: string;
  readonly processes: Processes;

  private constructor(parts: Pick<ControlPlane, 'client' | 'kubeconfig' | 'certificate' | 'folder' | 'processes'>) {
    this.client = parts.client;
    this.kubeconfig = parts.kubeconfig;
    this.certificate = parts.certificate;
    this.folder = parts.folder;
    this.processes = parts.processes;
  }

  static async start(programs: Programs): Promise<ControlPlane> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-cluster-'));
    const processes = new Processes(folder);
    process.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
    });
    try {
      return await startIn(folder, processes, programs, (parts) => new ControlPlane(parts));
    } catch (error) {
      await processes.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.client.stop();
    await this.processes.stop();
  }
}

type Parts = Pick<ControlPlane, 'client' | 'kubeconfig' | 'certificate' | 'folder' | 'processes'>;

async function startIn(
  folder: string,
  processes: Processes,
  programs: Programs,
  make: (parts: Parts) => ControlPlane,
): Promise<ControlPlane> {
  const etcd = await startEtcd(folder, processes, programs.etcd);
  const token = randomBytes(24).toString('hex');
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  await writeKeys(folder, token);
  processes.start('kube-apiserver', programs['kube-apiserver'], apiServerArguments(folder, etcd, port));
  const certificateFile = path.join(folder, 'certificates', 'apiserver.crt');
  const readCertificate = () => readFile(certificateFile, 'utf8');
  await processes.until('kube-apiserver', readCertificate, START_MS);
  const certificate = {
    cert: await readCertificate(),
    key: await readFile(certificateFile.replace(/crt$/, 'key'), 'utf8'),
  };
  const client = new ApiClient(url, token, certificate.cert);
  await processes.until('kube-apiserver', () => client.get('/readyz'), START_MS);
  const kubeconfig = path.join(folder, 'kubeconfig.json');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(url, certificateFile, token)));
  const common = [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0', '--bind-address=127.0.0.1'];
  processes.start('kube-controller-manager', programs['kube-controller-manager'], [
    ...common,
    `--service-account-private-key-file=${path.join(folder, 'service-accounts.key')}`,
    `--root-ca-file=${certificateFile}`,
    // A busy machine sends heartbeats late.
    '--node-monitor-grace-period=10m',
  ]);
  processes.start('kube-scheduler', programs['kube-scheduler'], common);
  // The controller manager makes this account, without which no pod is admitted.
  const account = '/api/v1/namespaces/default/serviceaccounts/default';
  await processes.until('kube-controller-manager', () => client.get(account), START_MS);
  return make({ client, kubeconfig, certificate, folder, processes });
}

async function startEtcd(folder: string, processes: Processes, program: string): Promise<string> {
  const [clients, peers] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  processes.start('etcd', program, [
    `--data-dir=${path.join(folder, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
  ]);
  const isHealthy = async () => {
    const { ok } = await fetch(`${clients}/health`);
    if (!ok) throw new Error('etcd is not healthy');
  };
  await processes.until('etcd', isHealthy, START_MS);
  return clients;
}

async function writeKeys(folder: string, token: string): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const write = (name: string, content: string | Buffer) =>
    writeFile(path.join(folder, name), content, { mode: 0o600 });
  await write('service-accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }));
  await write('service-accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }));
  await write('tokens.csv', `${token},operator,operator,system:masters\n`);
}

function apiServerArguments(folder: string, etcd: string, port: number): string[] {
  return [
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    // Endpoints may not be loopback addresses.
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--cert-dir=${path.join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    `--token-auth-file=${path.join(folder, 'tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${path.join(folder, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${path.join(folder, 'service-accounts.key')}`,
  ];
}

function kubeconfigOf(server: string, certificateAuthority: string, token: string) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': certificateAuthority } }],
    users: [{ name: 'operator', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'operator' } }],
    'current-context': 'test',
  };
}
