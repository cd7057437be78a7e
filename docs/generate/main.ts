/**
 * Writes docs/reference/, the picture in docs/architecture.md and the comments of settings from the code; with `--check`,
 * fails instead where they differ from it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { configPage } from './config-page.ts';
import { errorsPage } from './errors-page.ts';
import { metricsPage, MissingMetric } from './metrics-page.ts';
import { formatted, type Page } from './page.ts';
import { roomsDiagram } from './rooms-diagram.ts';
import { settingComments, settingsPage } from './settings-page.ts';

const ARCHITECTURE = 'docs/architecture.md';
const ROOMS = /(?<=<!-- rooms -->\n).*(?=<!-- \/rooms -->)/s;

async function architecturePage(): Promise<Page> {
  const [text, diagram] = await Promise.all([readFile(ARCHITECTURE, 'utf8'), roomsDiagram()]);
  if (!ROOMS.test(text)) throw new Error(`${ARCHITECTURE} has no section between "rooms" comments.`);
  return { path: ARCHITECTURE, text: text.replace(ROOMS, () => `\n${diagram}\n\n`) };
}

async function main(): Promise<void> {
  const { check = false } = parseArgs({ options: { check: { type: 'boolean' } } }).values;
  const pages = [
    settingsPage(),
    settingComments(),
    await metricsPage(),
    errorsPage(),
    configPage(),
    await architecturePage(),
  ];
  const stale: string[] = [];
  for (const page of pages) {
    const { path, text } = await formatted(page);
    if (text === (await readFile(path, 'utf8').catch(() => undefined))) continue;
    if (check) stale.push(path);
    else await writeFile(path, text);
  }
  if (stale.length === 0) return;
  console.error(`Out of date: ${stale.join(', ')}. Run \`npm run reference\` and commit the result.`);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof MissingMetric)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
