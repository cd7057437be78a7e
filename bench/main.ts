// Runs the benchmarks and writes their reports into docs/benchmarks.md and demo/README.md.
// usage: npm run bench [-- [--large <package>] [--peer <python>] <name>...]
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { reportNames, withReport } from './support/page.ts';
import { runBenchmark } from './support/run-benchmark.ts';
import { runProgram } from './support/run-program.ts';

const HELP = `usage: npm run bench [-- [--large <package>] [--peer <python>] <name>...]

Runs the benchmarks one after another and writes what each prints into its section of docs/benchmarks.md or
demo/README.md. Without names it runs all, which takes about an hour; nothing else should run on the machine meanwhile.
Exits with 1 if one of them fails, whose section then stays as it was, or misses its target; the others still run.

  --large <package>  a package of OFA-large's shape; without it, each benchmark that needs one compiles a random one
  --peer <python>    a Python with bench/peers/requirements.txt installed: measures PyTorch and Python servers as well

names: `;

const PAGES = ['docs/benchmarks.md', 'demo/README.md'].map((page) =>
  fileURLToPath(new URL(`../${page}`, import.meta.url)),
);

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
    const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const { report, end } = await runBenchmark(script, argumentsOf(name, values));
    if (report !== '') console.log(report);
    if (end !== 'met') {
      console.error(end === 'missed' ? `${name} missed its target.` : `${name} failed; ${page} stays as it was.`);
      process.exitCode = 1;
    }
    if (end !== 'broken' && report !== '') await record(page, name, report);
  }
}

await runProgram(main, HELP + known.join(', '));
