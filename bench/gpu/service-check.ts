import { Agent } from 'node:http';
import { pino } from 'pino';
import { readSettings } from '../../service/settings/read.ts';
import { startService, type RunningService } from '../../service/lifecycle/start-service.ts';
import type { Check, Context, Finding } from './check.ts';
import { quantile, table } from '../support/format.ts';
import { post } from '../support/post.ts';
import { requestBodies } from './requests.ts';
import type { Subject } from './subjects.ts';

/** How the service performed under load. */
export interface Load {
  readonly engines: number;
  readonly answersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Number of engines lost during the load. */
  readonly lostEngines: number;
}

/**
 * Loads the whole service over sockets, with enough clients to fill its batches: with one engine, with all of them, and
 * while an engine is killed. Every request must be answered, and no engine lost but the one that is killed.
 */
export function serviceCheck(subject: Subject): Check {
  return {
    name: 'service',
    subject: subject.name,
    async run(context) {
      // Without GPUs two engines share the CPU: no faster, but the same code path through the batcher.
      const most = context.device === 'cuda' ? context.gpus.length : 2;
      const loads: Load[] = [];
      for (const engines of most > 1 ? [1, most] : [1]) {
        loads.push(await underLoad(subject, context, engines, false));
      }
      const killed = await underLoad(subject, context, most, true);
      const all = [...loads, killed];
      return {
        ...judgeLoads(loads, killed),
        details: table(
          ['engines', 'answers/s', 'median ms', 'p99 ms', 'statuses'],
          all.map(({ engines, answersPerSecond, p50Ms, p99Ms, statuses }, at) => [
            at === loads.length ? `${engines}, one killed` : engines,
            answersPerSecond.toFixed(1),
            p50Ms.toFixed(1),
            p99Ms.toFixed(1),
            JSON.stringify(statuses),
          ]),
        ),
        data: { loads, killed },
      };
    },
  };
}

/** @param loads with one engine, and with all of them; `killed` with all, of which one was killed */
export function judgeLoads(loads: readonly Load[], killed: Load): Pick<Finding, 'verdict' | 'summary'> {
  const problem = problemOf(loads, killed);
  if (problem !== undefined) return { verdict: 'failed', summary: problem };
  const [one, all] = [loads[0]?.answersPerSecond ?? NaN, loads.at(-1)?.answersPerSecond ?? NaN];
  const gain =
    loads.length === 1 ? '' : ` with ${killed.engines} engines, ${(all / one).toFixed(2)} times one engine's`;
  return {
    verdict: 'passed',
    summary: `${all.toFixed(1)} answers/s over sockets${gain}; none lost when an engine was killed.`,
  };
}

function problemOf(loads: readonly Load[], killed: Load): string | undefined {
  const statuses = [...loads, killed].flatMap((load) => Object.entries(load.statuses));
  const refused = statuses.filter(([status]) => status !== '200');
  if (refused.length > 0) {
    const list = refused.map(([status, count]) => `${count} with status ${status}`);
    return `Requests were lost: ${list.join(', ')}.`;
  }
  if (killed.lostEngines === 0) return 'The engine could not be killed.';
  const lost = loads.reduce((sum, { lostEngines }) => sum + lostEngines, killed.lostEngines - 1);
  return lost > 0 ? `Engines were lost that were not killed: ${lost}.` : undefined;
}

async function underLoad(
  { served }: Subject,
  { device, maxBatch, threads, measureMs }: Context,
  engines: number,
  kill: boolean,
): Promise<Load> {
  const clients = 2 * maxBatch * engines;
  const bodies = await requestBodies(clients);
  const settings = readSettings({
    MODEL_DIR: served,
    DEVICE: device,
    ENGINES: String(engines),
    ENGINE_THREADS: String(Math.max(1, Math.floor(threads / engines))),
    MAX_BATCH: String(maxBatch),
    MAX_QUEUE: String(2 * clients),
    HOST: '127.0.0.1',
    DRAIN_DELAY_MS: '0',
    REQUEST_TIMEOUT_MS: '600000',
  });
  const service = await startService(
    { ...settings, PORT: 0, GRPC_PORT: 'off', ADMIN_PORT: 0 },
    { logger: pino({ level: 'silent' }) },
  );
  try {
    await allReady(service);
    let lostEngines = 0;
    service.model.pool.on('failure', () => lostEngines++);
    const load = drive(`http://127.0.0.1:${service.port}/predict`, bodies, measureMs * 4);
    if (kill) killDuring(service, measureMs);
    return { engines, ...(await load), lostEngines };
  } finally {
    await service.stop();
  }
}

/** Kills an engine during the load. */
function killDuring({ model }: RunningService, afterMs: number): void {
  setTimeout(() => {
    const pid = model.pool.engines[0]?.supervisor.pid;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }, afterMs);
}

async function allReady({ model, finished }: RunningService): Promise<void> {
  const gone = finished.then(() => {
    throw new Error('an engine failed for good before it was ready');
  });
  gone.catch(() => undefined);
  const { engines } = model.pool;
  await Promise.race([Promise.all(engines.map(({ supervisor }) => supervisor.whenReady())), gone]);
}

async function drive(
  url: string,
  bodies: readonly (readonly Buffer[])[],
  ms: number,
): Promise<Omit<Load, 'engines' | 'lostEngines'>> {
  const agent = new Agent({ keepAlive: true });
  const statuses: Record<string, number> = {};
  const times: number[] = [];
  const startMs = performance.now();
  const client = async (own: readonly Buffer[]): Promise<void> => {
    for (let turn = 0; performance.now() - startMs < ms; turn++) {
      const body = own[turn % own.length] ?? Buffer.alloc(0);
      const asked = performance.now();
      const status = await ask(url, agent, body);
      statuses[status] = (statuses[status] ?? 0) + 1;
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(bodies.map(client));
  const seconds = (performance.now() - startMs) / 1000;
  agent.destroy();
  return {
    answersPerSecond: (statuses['200'] ?? 0) / seconds,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    statuses,
  };
}

/** The status of an answer; 0 for a broken connection. */
async function ask(url: string, agent: Agent, body: Buffer): Promise<number> {
  return post(url, agent, { 'content-type': 'application/json' }, body).then(
    ({ statusCode = 0 }) => statusCode,
    () => 0,
  );
}
