// Measures how much smaller the service sends what the page at /docs loads when the client accepts gzip. Exits with 1
// below the target.
// usage: node bin/run.js bench/asset-sizes.ts
import { request } from 'node:http';
import { printReport, table } from './support/format.ts';
import { programArguments, runProgram } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

const PATHS = ['/docs', '/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js', '/openapi.json'];
const LEAST_RATIO = 3;

/** Bytes of a body as it is sent: `fetch` would ask for gzip and decompress it. */
function sentBytes(url: string, encoding: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': encoding } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => {
        resolve(bytes);
      });
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

async function main(): Promise<void> {
  programArguments(0);
  const service = await startServiceProcess({ args: ['--demo'] });
  try {
    const sizes = await Promise.all(
      PATHS.map(async (path) => ({
        path,
        plain: await sentBytes(service.url + path, 'identity'),
        gzip: await sentBytes(service.url + path, 'gzip'),
      })),
    );
    const sum = (of: 'plain' | 'gzip'): number => sizes.reduce((total, size) => total + size[of], 0);
    const all = [...sizes, { path: 'all', plain: sum('plain'), gzip: sum('gzip') }];
    printReport(
      table(
        ['path', 'bytes', 'bytes with gzip', 'ratio'],
        all.map(({ path, plain, gzip }) => [path, String(plain), String(gzip), (plain / gzip).toFixed(2)]),
      ),
    );
    if (sum('plain') / sum('gzip') < LEAST_RATIO) process.exitCode = 1;
  } finally {
    await service.stop();
  }
}

await runProgram(main);
