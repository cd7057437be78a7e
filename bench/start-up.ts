// Measures how long the service takes from its start until it is ready, with the demo model.
// usage: node bin/run.js bench/start-up.ts [--node <path>...] [--runs <number>]
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { machine, quantile } from './support/format.ts';
import { startServiceProcess } from './support/service-process.ts';

const HELP = `usage: node bin/run.js bench/start-up.ts [options]

Prints the time from \`node bin/ofa-ve.js serve --demo\` until /readyz answers 200: for the sources, which Node.js
loads itself or through tsx, and for the compiled build. One more run at first compiles the demo model and fills caches.

  --node <path>    another Node.js to measure; may be given several times
  --runs <number>  runs of each (default: 5)`;

const POLL_MS = 5;
const ROOT = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

interface Runtime {
  readonly path: string;
  readonly version: string;
  /** Whether it runs TypeScript without a loader. */
  readonly runsTypeScript: boolean;
}

async function inspect(path: string): Promise<Runtime> {
  const script = 'JSON.stringify([process.version, Boolean(process.features.typescript)])';
  const { stdout } = await run(path, ['-p', script]);
  const [version, runsTypeScript] = JSON.parse(stdout) as [string, boolean];
  return { path, version, runsTypeScript };
}

/** Compiles the sources into a folder laid out like the images. @returns its program */
async function compile(folder: string): Promise<string> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const config = join(ROOT, 'tsconfig.build.json');
  await run(process.execPath, [tsc, '-p', config, '--outDir', join(folder, 'build')]);
  await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  await mkdir(join(folder, 'service/http/demo-page'), { recursive: true });
  for (const name of ['package.json', 'node_modules', 'demo', 'service/http/demo-page/assets']) {
    await symlink(join(ROOT, name), join(folder, name));
  }
  return join(folder, 'bin/ofa-ve.js');
}

async function secondsUntilReady(node: string, program: string): Promise<number> {
  const start = performance.now();
  const service = await startServiceProcess({ args: ['--demo'], node, program }, POLL_MS);
  const seconds = (performance.now() - start) / 1000;
  await service.stop();
  return seconds;
}

async function measure(node: string, program: string, runs: number): Promise<string> {
  await secondsUntilReady(node, program);
  const times: number[] = [];
  for (let at = 0; at < runs; at++) times.push(await secondsUntilReady(node, program));
  const [fastest, median, slowest] = [0, 0.5, 1].map((share) => quantile(times, share).toFixed(2));
  return `${median ?? ''} s in the median of ${runs} runs (${fastest ?? ''} to ${slowest ?? ''} s)`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs is "${values.runs}" but must be a whole number from 1.`);
  const runtimes = await Promise.all([process.execPath, ...values.node].map(inspect));
  console.log(machine());
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-start-up-'));
  try {
    const compiled = await compile(folder);
    for (const { path, version, runsTypeScript } of runtimes) {
      const loader = runsTypeScript ? 'sources, loaded by Node.js' : 'sources, loaded by tsx';
      const sources = join(ROOT, 'bin/ofa-ve.js');
      console.log(`${version}, ${loader}: ${await measure(path, sources, runs)}`);
      console.log(`${version}, compiled build: ${await measure(path, compiled, runs)}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
