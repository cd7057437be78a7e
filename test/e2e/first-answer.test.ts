import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { readExamples } from '../../demo/examples.ts';
import { ofaVeProcess } from '../../testing/cli.ts';
import { ROOT } from '../../testing/root.ts';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);

/** Skipped if a developer has no curl. In CI it fails instead, so that nothing is skipped there unnoticed. */
const isSkipped = !hasCurl && (process.env['CI'] ?? '') === '';

let child: ChildProcess | undefined;
afterEach(() => {
  // npm and the processes it started.
  if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  child = undefined;
});

/** Runs `npm start` with settings. @returns what it printed up to the last line of its welcome */
async function npmStart(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const own = { PORT: '0', GRPC_PORT: 'off', ADMIN_PORT: '0', HOST: '127.0.0.1', DEVICE: 'cpu', ...settings };
  const env = { ...process.env, ...own };
  const started = spawn('npm', ['start'], { cwd: ROOT, env, detached: true });
  child = started;
  return new Promise((resolve, reject) => {
    let printed = '';
    const read = (piece: Buffer): void => {
      printed += piece.toString();
      if (/^ *curl .*\n/m.test(printed)) resolve(printed);
    };
    started.stdout.on('data', read);
    started.stderr.on('data', read);
    started.once('error', reject);
    started.once('exit', (code) => {
      reject(new Error(`npm start ended with ${String(code)}:\n${printed}`));
    });
  });
}

it.skipIf(isSkipped)('npm start prints the address of a page and a curl command that works as it is', async () => {
  const printed = await npmStart();
  const page = /http:\S+\/(?= is a page)/.exec(printed)?.[0] ?? '';
  expect(await (await fetch(page)).text()).toContain('<title>');
  const line = /^ *(curl .*)$/m.exec(printed)?.[1] ?? '';
  const { stdout } = await run('sh', ['-c', line], { cwd: ROOT });
  const [example] = await readExamples();
  expect(JSON.parse(stdout)).toMatchObject({ label: example?.sentences[0]?.answer });
});

it('a SIGTERM for npm start reaches the service, which ends as it does on its own', async () => {
  await npmStart({ DRAIN_DELAY_MS: '0' });
  const started = child ?? expect.fail();
  process.kill(started.pid ?? 0, 'SIGTERM');
  // The service has the same standard output: this waits for its end, too.
  expect(await once(started, 'close')).toEqual([0, null]);
  child = undefined;
});

it('npm run demo answers every example picture in a table', async () => {
  const { code, stdout } = await ofaVeProcess(['demo'], { DEVICE: 'cpu' });
  expect(code).toBe(0);
  const examples = await readExamples();
  for (const { sentences } of examples) for (const { hypothesis } of sentences) expect(stdout).toContain(hypothesis);
  const count = examples.flatMap(({ sentences }) => sentences).length;
  const [, right, of] = /^(\d+) of (\d+) right/m.exec(stdout) ?? [];
  expect(Number(of)).toBe(count);
  expect(Number(right) / count).toBeGreaterThanOrEqual(0.9);
});
