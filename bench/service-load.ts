/**
 * Drives the real service over sockets: throughput with as many requests as it can hold, then with ten times as many,
 * then (with minutes given) a soak. Prints figures and their ratio; nothing here passes or fails. The ratio says
 * something of the service only with a model whose engine is the bottleneck: with a tiny one the clients are.
 *
 * Usage: node --import tsx bench/service-load.ts <package-folder> <image-file> [soak-minutes]
 */
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { cpus } from 'node:os';
import { pino } from 'pino';
import { defaultSettings } from '../service/config.ts';
import { startService } from '../service/main.ts';

const MEASURE_MS = 15_000;
const MIB = 1024 * 1024;
const CAPACITY = 32;

const [packageDir, imageFile, soakMinutes = '0'] = process.argv.slice(2);
if (packageDir === undefined || imageFile === undefined) {
  console.error('usage: service-load.ts <package-folder> <image-file> [soak-minutes]');
  process.exit(2);
}

const service = await startService(
  {
    ...defaultSettings(),
    MODEL_DIR: packageDir,
    HOST: '127.0.0.1',
    PORT: 0,
    ADMIN_PORT: 0,
    DRAIN_DELAY_MS: 0,
    MAX_QUEUE: CAPACITY,
  },
  { logger: pino({ level: 'silent' }) },
);
await service.model.supervisor.whenReady();
const url = `http://127.0.0.1:${service.port}`;
const body = JSON.stringify({
  image: (await readFile(imageFile)).toString('base64'),
  text: 'there are two red circles',
});

function ask(agent: Agent, path: string, payload?: string): Promise<number> {
  return new Promise((resolve) => {
    const method = payload === undefined ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json' };
    const sent = request(url + path, { method, agent, headers }, (response) => {
      response.resume();
      response.on('close', () => {
        resolve(response.statusCode ?? 0);
      });
    });
    sent.on('error', () => {
      resolve(0);
    });
    sent.end(payload);
  });
}

interface Load {
  readonly statuses: ReadonlyMap<number, number>;
  readonly answersPerSecond: number;
  /** Milliseconds that `/livez` took, ascending. */
  readonly live: readonly number[];
}

/** Clients that ask without pause; a refused one waits a little, as Retry-After would have it, only shorter. */
async function load(clients: number, ms: number): Promise<Load> {
  const agent = new Agent({ keepAlive: true });
  const statuses = new Map<number, number>();
  const live: number[] = [];
  const began = performance.now();
  const end = began + ms;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const status = await ask(agent, '/predict', body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 429) await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  const probe = async (): Promise<void> => {
    const own = new Agent({ keepAlive: true });
    while (performance.now() < end) {
      const asked = performance.now();
      await ask(own, '/livez');
      live.push(performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    own.destroy();
  };
  await Promise.all([probe(), ...Array.from({ length: clients }, client)]);
  agent.destroy();
  const seconds = (performance.now() - began) / 1000;
  return {
    statuses,
    answersPerSecond: (statuses.get(200) ?? 0) / seconds,
    live: live.sort((a, b) => a - b),
  };
}

function print(name: string, { statuses, answersPerSecond, live }: Load): void {
  const at = (share: number): string => (live[Math.floor(share * (live.length - 1))] ?? 0).toFixed(1);
  const counts = [...statuses].map(([status, count]) => `${status}: ${count}`).join(', ');
  console.log(
    `${name}: ${answersPerSecond.toFixed(1)} answers/s (${counts}); /livez median ${at(0.5)} ms, 99 % ${at(0.99)} ms, worst ${at(1)} ms`,
  );
}

function memory(): string {
  const { rss, heapUsed, external } = process.memoryUsage();
  return `resident ${(rss / MIB).toFixed(0)} MiB, heap ${(heapUsed / MIB).toFixed(0)} MiB, external ${(external / MIB).toFixed(0)} MiB`;
}

console.log(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} processors, Node ${process.version}`,
);
console.log('The clients run in the process of the service and share its processors.');
await load(CAPACITY, 3000);
const full = await load(CAPACITY, MEASURE_MS);
print('as many as it holds', full);
const over = await load(CAPACITY * 10, MEASURE_MS);
print('ten times as many', over);
console.log(
  `throughput under overload: ${(over.answersPerSecond / full.answersPerSecond).toFixed(3)} of the full load's`,
);
if (Number(soakMinutes) > 0) {
  console.log(`soak: at the start ${memory()}`);
  print('soak', await load(CAPACITY, Number(soakMinutes) * 60_000));
  console.log(`soak: at the end ${memory()}`);
}
await service.stop();
