import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentNames, environmentOf, outputFolder } from '../../infra/environment.ts';
import { synthesize } from '../../infra/synthesize.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { ROOT } from '../../testing/root.ts';

const names = await environmentNames();

/** The manifests of a folder by name, and the kustomization beside it. */
function contents(folder: string): Record<string, string> {
  const files = [
    ...readdirSync(folder).map((file) => path.join(folder, file)),
    path.join(folder, '../kustomization.yaml'),
  ];
  return Object.fromEntries(files.map((file) => [path.basename(file), readFileSync(file, 'utf8')]));
}

it.each([undefined, ...names])('the committed manifests of %s are those that synth writes', async (name) => {
  const environment = await environmentOf(name);
  const folder = path.join(tempFolder(), outputFolder(environment));
  synthesize(environment, folder);
  // After a change: npx ofa-ve synth --all
  expect(contents(path.join(ROOT, outputFolder(environment)))).toEqual(contents(folder));
});

it('no folder of manifests is left from an environment that is gone', () => {
  expect(readdirSync(path.join(ROOT, 'environments')).sort()).toEqual(names);
});

it.each([undefined, ...names])(
  'the kustomization of %s names every file, and lies where kubectl does not apply it',
  async (name) => {
    const folder = path.join(ROOT, outputFolder(await environmentOf(name)));
    const { resources } = parse(readFileSync(path.join(folder, '../kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    expect(resources).toEqual(readdirSync(folder).map((file) => `dist/${file}`));
  },
);

it.each([undefined, ...names])(
  'no Prometheus finds the pods of %s in two ways, and counts them twice',
  async (name) => {
    const { config } = await environmentOf(name);
    const twice = config.workloads.filter(
      ({ observability: { monitor, scrapeAnnotations } }) => monitor !== 'none' && scrapeAnnotations,
    );
    expect(twice.map((workload) => workload.name)).toEqual([]);
  },
);
