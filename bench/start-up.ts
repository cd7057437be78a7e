// Measures how long the service takes from its start until it is ready, also compared with an earlier build.
// usage: node bin/run.js bench/start-up.ts [--node <path>...] [--runs <number>] [--large <checkpoint>]
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { ROOT } from '../testing/root.ts';
import { compileBuild } from './support/compiled-build.ts';
import { EARLIER, withEarlierBuild } from './support/earlier-build.ts';
import { printReport, quantile, table } from './support/format.ts';
import { runProgram, wholeNumber } from './support/run-program.ts';
import { startServiceProcess } from '../testing/service-process.ts';

/** Largest ratios of the times that meet the targets. */
const TARGETS = { demo: 0.6, large: 0.4 } as const;

const HELP = `usage: node bin/run.js bench/start-up.ts [options]

Prints the time from \`node bin/ofa-ve.js serve --demo\` until /readyz answers 200: for the sources, which Node.js
loads itself or through tsx, and for the compiled build. One more run at first compiles the demo model and fills caches.
Then prints the ratio to commit ${EARLIER}, alternated with it, on each Node.js: for the demo model, and with --large for
another one.

  --node <path>    another Node.js to measure; may be given several times
  --runs <number>  runs of each (default: 5)
  --large <folder> a checkpoint, which both builds compile into a temporary folder first`;

/** Every 5 ms, the requests of this script took a tenth of the processor from a start that takes seconds. */
const POLL_MS = { demo: 5, large: 50 } as const;
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

async function secondsUntilReady(
  node: string,
  program: string,
  args: readonly string[] = ['--demo'],
  pollMs: number = POLL_MS.demo,
): Promise<number> {
  const start = performance.now();
  const service = await startServiceProcess({ args, node, program }, pollMs);
  const seconds = (performance.now() - start) / 1000;
  await service.stop();
  return seconds;
}

async function measure(node: string, program: string, runs: number): Promise<string> {
  await secondsUntilReady(node, program);
  const times: number[] = [];
  for (let at = 0; at < runs; at++) times.push(await secondsUntilReady(node, program));
  const [fastest, median, slowest] = [0, 0.5, 1].map((share) => quantile(times, share).toFixed(2));
  return `${median ?? ''} s (${fastest ?? ''} to ${slowest ?? ''})`;
}

/** Starts both builds in turn. @param args of each, as each may need a package of its own */
async function compare(
  name: keyof typeof TARGETS,
  node: Runtime,
  builds: { readonly earlier: string; readonly now: string },
  args: { readonly earlier: readonly string[]; readonly now: readonly string[] },
  runs: number,
): Promise<string[]> {
  console.error(`${name} on ${node.version}, alternated with ${EARLIER}`);
  const times = { earlier: [] as number[], now: [] as number[] };
  for (let at = -1; at < runs; at++) {
    for (const build of ['earlier', 'now'] as const) {
      const seconds = await secondsUntilReady(node.path, builds[build], args[build], POLL_MS[name]);
      // The first run fills caches.
      if (at >= 0) times[build].push(seconds);
    }
  }
  const [earlier, now] = [quantile(times.earlier, 0.5), quantile(times.now, 0.5)];
  const ratio = now / earlier;
  if (!(ratio <= TARGETS[name])) process.exitCode = 1;
  return [
    name,
    node.version,
    `${earlier.toFixed(2)} s`,
    `${now.toFixed(2)} s`,
    ratio.toFixed(2),
    TARGETS[name].toFixed(1),
  ];
}

/** Compares with the earlier build. @param large a checkpoint @returns rows of a table */
async function compareWithEarlier(
  folder: string,
  nodes: readonly Runtime[],
  large: string | undefined,
  runs: number,
): Promise<string[][]> {
  return withEarlierBuild(async (root) => {
    const builds = { earlier: join(root, 'bin/ofa-ve.js'), now: join(ROOT, 'bin/ofa-ve.js') };
    const rows: string[][] = [];
    for (const node of nodes)
      rows.push(await compare('demo', node, builds, { earlier: ['--demo'], now: ['--demo'] }, runs));
    if (large === undefined) return rows;
    const packages = { earlier: join(folder, 'earlier'), now: join(folder, 'now') };
    for (const build of ['earlier', 'now'] as const) {
      await run(process.execPath, [builds[build], 'compile', large, packages[build]]);
    }
    const args = { earlier: ['--model', packages.earlier], now: ['--model', packages.now] };
    for (const node of nodes) rows.push(await compare('large', node, builds, args, runs));
    return rows;
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      node: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string', default: '5' },
      large: { type: 'string' },
    },
  });
  const runs = wholeNumber('--runs', values.runs);
  const runtimes = await Promise.all([process.execPath, ...values.node].map(inspect));
  const folder = await mkdtemp(join(tmpdir(), 'ofa-ve-start-up-'));
  try {
    const compiled = await compileBuild(folder);
    const rows: string[][] = [];
    for (const { path, version, runsTypeScript } of runtimes) {
      console.error(version);
      const sources = await measure(path, join(ROOT, 'bin/ofa-ve.js'), runs);
      rows.push([version, runsTypeScript ? 'Node.js' : 'tsx', sources, await measure(path, compiled, runs)]);
    }
    printReport(
      table(['Node.js', 'sources, loaded by', 'sources to ready', 'compiled build to ready'], rows),
      table(
        ['model', 'Node.js', `commit ${EARLIER}`, 'this build', 'ratio', 'target'],
        await compareWithEarlier(folder, runtimes, values.large, runs),
      ),
      `Medians of ${runs} runs, in brackets the fastest and the slowest; the two builds alternate.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await runProgram(main, HELP);
