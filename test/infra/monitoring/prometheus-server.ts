import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { requireProgram } from './prometheus-tools.ts';
import { freePort } from '../../../testing/free-port.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

/** One series of an answer: its labels and its value. */
export interface Sample {
  readonly metric: Record<string, string>;
  readonly value: number;
}

/** A rule and how its evaluation went. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** What a Prometheus of its own scrapes and evaluates. */
export interface PrometheusOptions {
  /** Host and port of the metrics. */
  readonly target: string;
  /** Labels that the cluster's scraping would add: it reads the target as that many pods. */
  readonly pods: readonly Record<string, string>[];
  /** Rule groups. */
  readonly groups: readonly unknown[];
}

/** A real Prometheus that reads one target every second. */
export class PrometheusServer implements AsyncDisposable {
  readonly #url: string;
  readonly #end: () => Promise<void>;

  private constructor(url: string, end: () => Promise<void>) {
    this.#url = url;
    this.#end = end;
  }

  /** Starts it and waits until it has read the target twice, which is what a rate needs. */
  static async start({ target, pods, groups }: PrometheusOptions): Promise<PrometheusServer> {
    const folder = tempFolder();
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [{ job_name: 'pods', static_configs: pods.map((labels) => ({ targets: [target], labels })) }],
    };
    await writeFile(path.join(folder, 'prometheus.yaml'), stringify(config));
    await writeFile(path.join(folder, 'rules.yaml'), stringify({ groups }));
    const address = `127.0.0.1:${await freePort()}`;
    const args = ['--config.file=prometheus.yaml', '--storage.tsdb.path=data', `--web.listen-address=${address}`];
    const child = spawn(requireProgram('prometheus'), args, { cwd: folder, stdio: 'ignore' });
    const exited = once(child, 'exit');
    const server = new PrometheusServer(`http://${address}`, async () => {
      child.kill('SIGTERM');
      await exited;
    });
    await server.until('count_over_time(up[1m]) >= 2');
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }

  /** The value of an expression now. */
  async query(expr: string): Promise<Sample[]> {
    const { result } = (await this.#get('query', { query: expr })) as {
      result: { metric: Record<string, string>; value: [number, string] }[];
    };
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Waits until an expression has a value. */
  async until(expr: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      // It refuses connections until it has opened its storage.
      const samples = await this.query(expr).catch(() => []);
      if (samples.length > 0) return;
      await sleep(200);
    }
    throw new Error(`Prometheus has had no value for ${expr} within a minute.`);
  }

  /** Every rule, with how its last evaluation went. */
  async rules(): Promise<EvaluatedRule[]> {
    const { groups } = (await this.#get('rules', {})) as { groups: { rules: EvaluatedRule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  async #get(path: string, parameters: Record<string, string>): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
    const body = (await response.json()) as { status: string; error?: string; data: unknown };
    if (body.status !== 'success') throw new Error(`${parameters['query'] ?? path}: ${body.error ?? ''}`);
    return body.data;
  }
}
