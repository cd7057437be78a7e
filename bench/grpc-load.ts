// Compares gRPC with REST: inferences of the demo model by 16 clients over each, alternated, in one run.
// usage: node bin/run.js bench/grpc-load.ts
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { printReport, quantile, table } from './support/format.ts';
import { askGrpc, grpcClient, raw } from './support/grpc-inference.ts';
import { post } from './support/post.ts';
import { programArguments, runProgram } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

const CLIENTS = 16;
const ROUNDS = 5;
const ROUND_MS = 4000;
const WARM_UP_MS = 3000;
const TEXT = 'there are two red circles';
const PICTURE = fileURLToPath(new URL('../demo/examples/3000001.jpg', import.meta.url));

/** One inference. */
type Ask = () => Promise<void>;

// In production clients run on other machines: here they only use the processor time that the service leaves.
setPriority(10);

function askRest(url: string, model: string, tensors: readonly Buffer[], agent: Agent): Ask {
  const [image, text] = tensors;
  const input = (name: string, bytes: Buffer | undefined) => {
    return { name, datatype: 'BYTES', shape: [1], parameters: { binary_data_size: bytes?.length } };
  };
  const json = Buffer.from(
    JSON.stringify({ parameters: { binary_data_output: true }, inputs: [input('image', image), input('text', text)] }),
  );
  const body = Buffer.concat([json, ...tensors]);
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': json.length,
  };
  return async () => {
    const { statusCode } = await post(`${url}/v2/models/${model}/infer`, agent, headers, body);
    if (statusCode !== 200) throw new Error(`REST answered ${statusCode}.`);
  };
}

/** @returns the latencies of the inferences that were answered within the time */
async function run(ask: Ask, ms: number): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + ms;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const asked = performance.now();
      await ask();
      if (performance.now() < end) latencies.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return latencies;
}

async function main(): Promise<void> {
  programArguments(0);
  const service = await startServiceProcess({ args: ['--demo'], settings: { FEATURE_CACHE_MB: '0' } });
  const client = grpcClient(service.grpcAddress);
  const agent = new Agent({ keepAlive: true });
  try {
    const tensors = [raw(await readFile(PICTURE)), raw(Buffer.from(TEXT))];
    const rest = askRest(service.url, 'ofa-demo', tensors, agent);
    const grpc = askGrpc(client, tensors);
    for (const ask of [rest, grpc]) await run(ask, WARM_UP_MS);
    const latencies: Record<'REST' | 'gRPC', number[]> = { REST: [], gRPC: [] };
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const first = await run(round % 2 === 0 ? rest : grpc, ROUND_MS);
      const second = await run(round % 2 === 0 ? grpc : rest, ROUND_MS);
      const [ofRest, ofGrpc] = round % 2 === 0 ? [first, second] : [second, first];
      latencies.REST.push(...ofRest);
      latencies.gRPC.push(...ofGrpc);
      ratios.push(ofGrpc.length / ofRest.length);
    }
    const rows = Object.entries(latencies).map(([name, times]) => [
      name,
      (times.length / ((ROUNDS * ROUND_MS) / 1000)).toFixed(1),
      `${quantile(times, 0.5).toFixed(1)} ms`,
      `${quantile(times, 0.99).toFixed(1)} ms`,
    ]);
    printReport(
      table([`${CLIENTS} clients`, 'answers/s', 'median', '99 %'], rows),
      `gRPC / REST: ${(latencies.gRPC.length / latencies.REST.length).toFixed(2)} (by round: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
    );
  } finally {
    client.close();
    agent.destroy();
    await service.stop();
  }
}

await runProgram(main);
