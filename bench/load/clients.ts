// Clients of the service in a process of their own: receives a LoadOrder and sends a LoadResult.
import { Agent } from 'node:http';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from '../support/post.ts';
import type { LoadOrder, LoadResult } from './messages.ts';

// In production clients run on other machines: here they only use the processor time that the service leaves.
setPriority(10);

interface Answer {
  /** 0 for a broken connection. */
  readonly status: number;
  readonly retryAfterMs: number;
}

async function ask(url: string, agent: Agent, body: string): Promise<Answer> {
  try {
    const { statusCode = 0, headers } = await post(url, agent, { 'content-type': 'application/json' }, body);
    return { status: statusCode, retryAfterMs: Number(headers['retry-after'] ?? 1) * 1000 };
  } catch {
    return { status: 0, retryAfterMs: 1000 };
  }
}

async function runClients({ url, body, clients, ms, patience }: LoadOrder): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true });
  const statuses: Record<number, number> = {};
  const latencies: number[] = [];
  const end = performance.now() + ms;
  const client = async (): Promise<void> => {
    // Spreads the first requests.
    await sleep(Math.random() * Math.min(1000, ms / 10));
    while (performance.now() < end) {
      const asked = performance.now();
      const { status, retryAfterMs } = await ask(`${url}/predict`, agent, body);
      const now = performance.now();
      // Responses after the end, when the load decreases, say nothing about the throughput.
      if (now > end) return;
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) latencies.push(now - asked);
      else await sleep(patience === 'retry-after' ? retryAfterMs * (1 + Math.random()) : patience.ms);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return {
    statuses,
    answersPerSecond: (statuses[200] ?? 0) / (ms / 1000),
    latencies,
  };
}

process.on('disconnect', () => process.exit());
process.on('message', (order: LoadOrder) => {
  void runClients(order).then((result) => process.send?.(result));
});
