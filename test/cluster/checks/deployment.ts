import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { ChangeSteps } from '../../../infra/changes/change-steps.ts';
import { extend, type Changes, type DeploymentConfig, type WorkloadConfig } from '../../../infra/config.ts';
import { synthesize } from '../../../infra/synthesize.ts';
import { withWorkload } from '../../infra/scenarios.ts';
import type { ObjectName } from '../control-plane/discovery.ts';
import { POOL_LABEL } from '../stand-ins/nodes.ts';
import type { PodFilter } from '../stand-ins/pods.ts';
import { until } from '../wait.ts';
import type { Cluster } from './check.ts';

/** One of the two versions of a workload. */
type Track = 'stable' | 'canary';

/** A deployment in the cluster whose configuration changes, as an operator would change it. */
export class OperatedDeployment {
  readonly namespace: string;
  readonly #folder: string;
  readonly #pool: string;
  readonly #cluster: Cluster;

  /** @param pool of the nodes for its pods */
  constructor(cluster: Cluster, namespace: string, pool: string) {
    this.#cluster = cluster;
    this.namespace = namespace;
    this.#pool = pool;
    // The commands of the documentation expect the manifests in `dist`.
    this.#folder = join(cluster.plane.folder, `deployment-${namespace}`);
    mkdirSync(this.#folder, { recursive: true });
  }

  /** The default deployment with changes to its one workload, here. */
  config(changes: Changes<WorkloadConfig>): DeploymentConfig {
    const onPool = { scheduling: { nodeSelector: { [POOL_LABEL]: this.#pool } } };
    const { workloads, ...rest } = extend(withWorkload(changes, '1.34'), { namespace: { name: this.namespace } });
    return { ...rest, workloads: workloads.map((workload) => extend(workload, onPool)) };
  }

  /** Writes the manifests. Gives the commands that synth prints. */
  synth(config: DeploymentConfig): ChangeSteps {
    return synthesize({ name: undefined, config, customize: {} }, join(this.#folder, 'dist'));
  }

  /** The objects that were synthesized last. */
  objects(): ObjectName[] {
    const folder = join(this.#folder, 'dist');
    return readdirSync(folder).flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS() as ObjectName),
    );
  }

  /** Runs a command line that synth or the documentation gives, where `dist` is. */
  async shell(command: string): Promise<string> {
    const { plane, programs } = this.#cluster;
    const env = {
      ...process.env,
      PATH: `${dirname(programs.kubectl)}${delimiter}${process.env['PATH'] ?? ''}`,
      KUBECONFIG: plane.kubeconfig,
    };
    const options = { cwd: this.#folder, env, maxBuffer: 64 * 2 ** 20 };
    try {
      return (await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', command], options)).stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command}\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Changes the configuration with all commands that synth prints, in their order. */
  async change(config: DeploymentConfig): Promise<void> {
    const { before, after } = this.synth(config);
    for (const command of [...before, 'kubectl apply -f dist', ...after]) await this.shell(command);
    await this.untilObserved();
  }

  /**
   * Runs a command line that must fail.
   *
   * @param text that it must print
   */
  async refused(command: string, text: string): Promise<void> {
    const outcome = await this.shell(command).catch((error: unknown) => error);
    if (!(outcome instanceof Error)) throw new Error(`${command} did not fail with ${text}`);
    if (!outcome.message.includes(text)) throw outcome;
  }

  /** Fails unless the cluster is as the manifests say. */
  async matches(): Promise<void> {
    await this.shell('kubectl diff -f dist');
  }

  /** The pods of a track. */
  podsOf(track: Track): PodFilter {
    return { namespace: this.namespace, labels: { track } };
  }

  async untilReady(count: number, track: Track = 'stable'): Promise<void> {
    const { pods } = this.#cluster;
    const filter = this.podsOf(track);
    await until(`${count} ready pods of ${track} in ${this.namespace}`, () => pods.readyCount(filter) === count);
  }

  /** Waits until the controllers have seen what was applied, and exactly the wanted pods exist and are ready. */
  async untilObserved(): Promise<void> {
    const path = `/apis/apps/v1/namespaces/${this.namespace}/deployments/ofa-ve`;
    await until(`the Deployment in ${this.namespace} is as it should be`, async () => {
      const { metadata, spec, status } = await this.#cluster.plane.client.get<{
        metadata: { generation: number };
        spec: { replicas: number };
        status: { observedGeneration?: number; replicas?: number; readyReplicas?: number; updatedReplicas?: number };
      }>(path);
      const counts = [status.replicas, status.readyReplicas, status.updatedReplicas];
      return status.observedGeneration === metadata.generation && counts.every((count) => count === spec.replicas);
    });
  }

  /** Removes the namespace and all in it, without waiting for it. */
  async remove(): Promise<void> {
    await this.#cluster.kubectl.run(['delete', 'namespace', this.namespace, '--wait=false']);
  }

  /** Removes the namespace and waits until it is gone, so that it can be made again. */
  async removeNow(): Promise<void> {
    await this.#cluster.kubectl.run(['delete', 'namespace', this.namespace]);
  }
}
