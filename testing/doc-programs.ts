import { readFileSync } from 'node:fs';

/**
 * A program in a page of the documentation, so that a test runs what the page shows.
 *
 * @param page its file below `docs/`
 * @param file name of the program, which follows the language of its code block
 */
export function docProgram(page: string, file: string): string {
  const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), 'utf8');
  const [, code] = new RegExp(`^\`\`\`\\w+ ${file.replaceAll('.', '\\.')}\\n(.*?^)\`\`\`$`, 'ms').exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/${page} has no program ${file}`);
  return code;
}
