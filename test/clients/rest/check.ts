import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoPackage } from '../../../demo/demo-package.ts';
import { PATHS } from '../../../service/contract.ts';
import { version } from '../../../model/version.ts';
import { serve } from '../../e2e/service.ts';
import { fetchTools, WORK, type Client } from './clients.ts';
import { callBy, expectedLines } from './compare.ts';
import { run } from './run.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

/** A line of RESULTS.md. */
type Row = readonly [name: string, problem: string | undefined];

/** @returns what is wrong, or undefined */
async function check(client: Client, document: string, url: string): Promise<string | undefined> {
  const folder = path.join(WORK, client.name.replaceAll(/[^\w.]+/g, '-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const [expected, printed] = [
      await expectedLines(url),
      await callBy(await client.prepare(folder, document), url, folder),
    ];
    if (expected.join('\n') === printed.join('\n')) return undefined;
    return `expected:\n${expected.join('\n')}\nprinted:\n${printed.join('\n')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @returns what linters have to say of the document, or undefined */
async function lint(document: string): Promise<string | undefined> {
  const ruleset = path.join(WORK, 'spectral.yaml');
  await writeFile(ruleset, 'extends: ["spectral:oas"]\n');
  try {
    await run(
      ['npx', '-y', '@stoplight/spectral-cli@6', 'lint', '--fail-severity=hint', '-r', ruleset, document],
      WORK,
    );
    await run(['npx', '-y', '@redocly/cli@2', 'lint', '--extends=recommended', '--max-problems=1000', document], WORK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Generates clients, calls the demo service by each, and prints what is wrong.
 *
 * @param all whether these are all clients, of which RESULTS.md is written
 * @returns whether all pass
 */
export async function checkClients(clients: readonly Client[], all: boolean): Promise<boolean> {
  await fetchTools();
  const service = await serve({ MODEL_DIR: await demoPackage() });
  const rows: Row[] = [];
  try {
    const document = path.join(WORK, 'openapi.json');
    await writeFile(document, await (await fetch(`${service.url}${PATHS.openapi}`)).text());
    rows.push(['spectral (spectral:oas) and redocly (recommended)', await lint(document)]);
    for (const client of clients) {
      rows.push([client.name, await check(client, document, service.url)]);
      console.log(rows.at(-1)?.join(': ') ?? '');
    }
  } finally {
    await service.stop();
  }
  const failed = rows.filter(([, problem]) => problem !== undefined);
  for (const [name, problem = ''] of failed) console.error(`${name}\n${problem}\n`);
  if (all) await writeResults(rows);
  return failed.length === 0;
}

async function writeResults(rows: readonly Row[]): Promise<void> {
  const lines = rows.map(([name, problem]) => `| ${name} | ${problem === undefined ? 'passes' : 'fails'} |`);
  const head = `# Generated clients\n\nWritten by \`npm run test:clients\` on ${new Date().toISOString().slice(0, 10)} with ofa-ve ${version}. Each client sends one and several texts,\nas a form and as JSON, and a blank text; its answers must equal those to a plain request.\n\n| | |\n| --- | --- |\n`;
  await writeFile(RESULTS, `${head}${lines.join('\n')}\n`);
  await run(['npx', 'prettier', '--write', RESULTS], WORK);
}
