/**
 * Generates a client with each generator, calls the demo service by it, and writes RESULTS.md: `npm run test:clients`. It
 * needs Java 11, Maven, Go, Python 3, and the registries of their packages. Arguments select clients by parts of their
 * names; then nothing is written.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoPackage } from '../../../demo/demo-package.ts';
import { PATHS } from '../../../service/contract.ts';
import { version } from '../../../model/version.ts';
import { serve } from '../../e2e/service.ts';
import { CLIENTS, fetchTools, WORK, type Client } from './clients.ts';
import { callBy, expectedLines } from './compare.ts';
import { run } from './run.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

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

const selected = process.argv.slice(2);
const clients = CLIENTS.filter(({ name }) => selected.length === 0 || selected.some((part) => name.includes(part)));
await fetchTools();
const service = await serve({ MODEL_DIR: await demoPackage() });
const rows: [name: string, problem: string | undefined][] = [];
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
if (selected.length === 0) {
  const lines = rows.map(([name, problem]) => `| ${name} | ${problem === undefined ? 'passes' : 'fails'} |`);
  const head = `# Generated clients\n\nWritten by \`npm run test:clients\` on ${new Date().toISOString().slice(0, 10)} with ofa-ve ${version}. Each client sends one and several texts,\nas a form and as JSON, and a blank text; its answers must equal those to a plain request.\n\n| | |\n| --- | --- |\n`;
  await writeFile(RESULTS, `${head}${lines.join('\n')}\n`);
  await run(['npx', 'prettier', '--write', RESULTS], WORK);
}
process.exitCode = failed.length > 0 ? 1 : 0;
