import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

/** The packages of the lock file that a selector of npm's query language finds. */
async function query(selector: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('npm', ['query', '--package-lock-only', selector]);
  return (JSON.parse(stdout) as { pkgid: string }[]).map(({ pkgid }) => pkgid);
}

test('every package of the lock file runs on the oldest Node.js that package.json promises', async () => {
  const oldest = `${packageJson.engines.node.replace('>=', '')}.0`;
  const runsOn = (version: string): string => `:semver(${version}, :attr(engines, [node]))`;
  expect(await query(`:attr(engines, [node]):not(${runsOn(oldest)})`)).toEqual([]);
  // The query finds such packages where there are some.
  expect((await query(`.prod:attr(engines, [node]):not(${runsOn('12.0.0')})`)).length).toBeGreaterThan(10);
});
