// Kills a batch run over the demo model at random moments, itself or its engine, starts it again each time, and compares
// the merged results with those of an undisturbed run. Then four shards run side by side, of which one is killed.
// usage: node bin/run.js test/batch/kills/main.ts [kills] [rows]
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mergeRuns } from '../../../batch/merge.ts';
import { readExamples } from '../../../demo/examples.ts';
import { processTree } from '../../../testing/process-usage.ts';
import { PROGRAM } from '../../../testing/service-process.ts';

const [kills = '20', rows = '20000'] = process.argv.slice(2);
const PART_ROWS = 1000;
/** Every row is computed: neither features nor answers are kept. */
const ENV = { ...process.env, FEATURE_CACHE_MB: '0' };

const folder = await mkdtemp(path.join(tmpdir(), 'ofa-ve-kills-'));
const input = path.join(folder, 'rows.jsonl');

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The command, with its messages shown. */
function start(output: string, shard: readonly string[] = []): ChildProcess {
  const args = ['batch', '--demo', '--input', input, '--output', output, '--part-rows', String(PART_ROWS)];
  const options = ['--allow-outside', ...shard];
  return spawn(process.execPath, [PROGRAM, ...args, ...options], { env: ENV, stdio: ['ignore', 'ignore', 'inherit'] });
}

async function finish(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The run ended with code ${code ?? 'null'}.`);
}

/** Bytes of results that a run has written. */
async function written(output: string): Promise<number> {
  const names = (await readdir(output).catch(() => [])).filter((name) => /^_?part-/.test(name));
  const sizes = names.map((name) =>
    stat(path.join(output, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Kills a run when it has written a random number of bytes more. @returns what was killed */
async function killOnce(output: string, bytes: number): Promise<string> {
  const until = (await written(output)) + Math.random() * bytes;
  const child = start(output);
  const exit = once(child, 'exit');
  while (child.exitCode === null && (await written(output)) < until) await sleep(5);
  await sleep(Math.random() * 50);
  const [, engine] = Math.random() < 0.5 ? processTree(child.pid ?? 0) : [];
  if (engine !== undefined) {
    process.kill(engine, 'SIGKILL');
    await sleep(Math.random() * 500);
  }
  child.kill('SIGKILL');
  await exit;
  return engine === undefined ? 'the command' : 'the engine, then the command';
}

async function compare(output: string, expected: string, what: string): Promise<void> {
  const merged = `${output}.jsonl`;
  await mergeRuns([output], merged);
  const isEqual = (await readFile(merged)).equals(await readFile(expected));
  print(`${what}: the merged results are ${isEqual ? 'equal' : 'DIFFERENT'}.`);
  if (!isEqual) process.exitCode = 1;
}

try {
  const pairs = (await readExamples()).flatMap(({ file, sentences }) =>
    sentences.map(({ hypothesis }) => ({ image: file, text: hypothesis })),
  );
  const lines = Array.from({ length: Number(rows) }, (_, row) => `${JSON.stringify(pairs[row % pairs.length])}\n`);
  await writeFile(input, lines.join(''));

  const undisturbed = path.join(folder, 'undisturbed');
  await finish(start(undisturbed));
  const expected = `${undisturbed}.jsonl`;
  await mergeRuns([undisturbed], expected);
  const { size } = await stat(expected);

  const killed = path.join(folder, 'killed');
  for (let kill = 1; kill <= Number(kills); kill++) {
    const what = await killOnce(killed, (2 * size) / (Number(kills) + 1));
    print(`kill ${kill}: ${what}, with ${await written(killed)} of ${size} bytes written`);
  }
  await finish(start(killed));
  await compare(killed, expected, `${kills} kills`);

  const sharded = path.join(folder, 'sharded');
  const shards = [0, 1, 2, 3].map((index) => start(sharded, ['--shard', `${index}/4`]));
  const ends = shards.slice(1).map(finish);
  const first = path.join(sharded, 'shard-0-of-4');
  while ((await written(first)) < size / 16) await sleep(5);
  shards[0]?.kill('SIGKILL');
  await Promise.all(ends);
  await finish(start(sharded, ['--shard', '0/4']));
  await compare(sharded, expected, 'Four shards, one of them killed');
} finally {
  await rm(folder, { recursive: true, force: true });
}
