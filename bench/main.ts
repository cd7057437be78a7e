// Runs the benchmarks and writes their reports into docs/benchmarks.md and demo/README.md.
// usage: npm run bench [-- [--large <package>] [--peer <python>] <name>...]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { reportNames, withReport } from './support/page.ts';
import { runProgram } from './support/run-program.ts';

const HELP = `usage: npm run bench [-- [--large <package>] [--peer <python>] <name>...]

Runs the benchmarks one after another and writes what each prints into its section of docs/benchmarks.md or
demo/README.md. Without names it runs all, which takes about an hour; nothing else should run on the machine meanwhile.
Exits with 1 if one of them fails or misses its target; the others still run.

  --large <package>  a package of OFA-large's shape; without it, each benchmark that needs one compiles a random one
  --peer <python>    a Python with bench/peers/requirements.txt installed: measures PyTorch and Python servers as well

names: `;

const PAGES = ['docs/benchmarks.md', 'demo/README.md'].map((page) =>
  fileURLToPath(new URL(`../${page}`, import.meta.url)),
);
const RUN = fileURLToPath(new URL('../bin/run.js', import.meta.url));

/** Options that are passed on. */
interface Given {
  readonly large?: string | undefined;
  readonly peer?: string | undefined;
}

/** Arguments of a benchmark that differ from its defaults. */
function argumentsOf(name: string, { large, peer }: Given): readonly string[] {
  if (name === 'service-load') return ['--soak', '10'];
  if (['large-answer', 'service-cost'].includes(name)) return peer === undefined ? [] : ['--peer', peer];
  if (large === undefined) return [];
  if (name === 'package-integrity') return ['--large', large];
  return ['engine-memory', 'health-latency', 'shared-pictures'].includes(name) ? [large] : [];
}

/** Runs a benchmark. @returns what it printed, and whether it ended well */
async function measure(name: string, given: Given): Promise<{ report: string; succeeded: boolean }> {
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [RUN, script, ...argumentsOf(name, given)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [report, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  return { report: report.trim(), succeeded: code === 0 };
}

/** The page that has the section of each benchmark. */
async function sections(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const page of PAGES) for (const name of reportNames(await readFile(page, 'utf8'))) pages.set(name, page);
  return pages;
}

async function record(page: string, name: string, report: string): Promise<void> {
  const changed = withReport(await readFile(page, 'utf8'), name, report);
  await writeFile(page, await format(changed, { ...(await resolveConfig(page)), filepath: page }));
}

const pages = await sections();
const known = [...pages.keys()];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { large: { type: 'string' }, peer: { type: 'string' } },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`There is no benchmark "${unknown}"; there are ${known.join(', ')}.`);
  for (const [name, page] of pages) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`\n${name}`);
    const { report, succeeded } = await measure(name, values);
    if (!succeeded) {
      console.error(`${name} failed or missed its target.`);
      process.exitCode = 1;
    }
    if (report === '') continue;
    console.log(report);
    await record(page, name, report);
  }
}

await runProgram(main, HELP + known.join(', '));
