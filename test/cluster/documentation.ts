import { readFile } from 'node:fs/promises';

const DOCUMENTATION = new URL('../../docs/changes.md', import.meta.url);

/** The block of commands in docs/changes.md that contains a text. */
export async function documentedCommand(text: string): Promise<string> {
  const blocks = (await readFile(DOCUMENTATION, 'utf8')).matchAll(/^```sh\n(.*?)^```/gms);
  const found = [...blocks].map(([, block = '']) => block).find((block) => block.includes(text));
  if (found === undefined) throw new Error(`docs/changes.md has no commands with ${text}`);
  return found;
}
