import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Yaml } from 'cdk8s';
import { MISREAD, READ_AS_THEY_ARE } from '../../infra/texts.ts';
import { attempt, type Cluster, type Result } from './check.ts';

/** kubectl reads the texts that synth accepts as they are, and none of those that synth refuses. */
export async function* checkTexts(cluster: Cluster): AsyncGenerator<Result> {
  yield await attempt('texts that synth accepts', async () => {
    const found = await readByKubectl(cluster, READ_AS_THEY_ARE);
    const others = READ_AS_THEY_ARE.filter((text, index) => found?.[index] !== text);
    if (others.length > 0) throw new Error(`kubectl reads otherwise: ${JSON.stringify(others)}`);
    return `${READ_AS_THEY_ARE.length} read as they are`;
  });
  yield await attempt('texts that synth refuses', async () => {
    for (const [text] of MISREAD) {
      if ((await readByKubectl(cluster, [text]))?.[0] === text)
        throw new Error(`kubectl reads ${JSON.stringify(text)} as it is`);
    }
    return `${MISREAD.length} not read as they are`;
  });
}

/** The texts as kubectl sends them to the server; undefined if it cannot read one of them, or the server refuses them. */
async function readByKubectl({ kubectl, plane }: Cluster, texts: readonly string[]): Promise<string[] | undefined> {
  const file = path.join(plane.folder, 'texts.yaml');
  const data = Object.fromEntries(texts.map((text, index) => [`text-${index}`, text]));
  const metadata = { name: 'texts', namespace: 'default' };
  await writeFile(file, Yaml.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));
  const { code, stdout } = await kubectl.attempt(['create', '--dry-run=server', '-o', 'json', '-f', file]);
  if (code !== 0) return undefined;
  const read = (JSON.parse(stdout) as { data: Readonly<Record<string, string>> }).data;
  return texts.map((_, index) => read[`text-${index}`] ?? '');
}
