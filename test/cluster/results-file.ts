import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Result } from './checks/check.ts';
import { crdVersions, KUBERNETES_VERSION } from './control-plane/programs.ts';
import { writeFormatted } from './write-formatted.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

const HEAD = `# Checks in a cluster

Written by \`npm run test:cluster\` with Kubernetes ${KUBERNETES_VERSION} and the CRDs of
${crdVersions.map((module) => `\`${module}\``).join(', ')}.`;

/** Results of a group of checks. */
export type GroupResults = readonly [name: string, results: readonly Result[]];

/**
 * Replaces the sections of RESULTS.md of the groups that have run.
 *
 * @param order of all sections
 */
export async function writeResults(results: readonly GroupResults[], order: readonly string[]): Promise<void> {
  const present = (await readFile(RESULTS, 'utf8').catch(() => '')).split(/^## /m).slice(1);
  const sections = new Map(present.map((section) => [section.split('\n')[0] ?? '', `## ${section}`]));
  for (const group of results) sections.set(group[0], sectionOf(group));
  await writeFormatted(RESULTS, [HEAD, ...order.flatMap((name) => sections.get(name) ?? [])].join('\n\n'));
}

function sectionOf([name, results]: GroupResults): string {
  const lines = results.map(({ name: check, figures, problem }) =>
    problem === undefined ? `- ${check}: passes (${figures})` : `- ${check}: **fails**`,
  );
  return [`## ${name}`, `Run on ${new Date().toISOString().slice(0, 10)}.`, lines.join('\n')].join('\n\n');
}
