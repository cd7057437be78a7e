// Requests /livez about fifty times a second in a process of its own: receives a ProbeOrder and sends the latencies.
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeOrder } from './messages.ts';

function probe(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = performance.now();
    get(`${url}/livez`, { agent }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - asked);
        else reject(new Error(`/livez answered ${response.statusCode ?? 0}`));
      });
    }).on('error', reject);
  });
}

/** @returns latency of each probe in milliseconds */
async function probeFor({ url, ms }: ProbeOrder): Promise<number[]> {
  const agent = new Agent({ keepAlive: true });
  const end = performance.now() + ms;
  const times: number[] = [];
  while (performance.now() < end) {
    times.push(await probe(url, agent));
    await sleep(20);
  }
  agent.destroy();
  return times;
}

process.on('disconnect', () => process.exit());
process.on('message', (order: ProbeOrder) => {
  void probeFor(order).then((times) => process.send?.(times));
});
