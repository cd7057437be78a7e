import { format, resolveConfig } from 'prettier';

/** A generated page: its path from the repository's root, and what it holds. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The first lines of every generated page. */
export function heading(title: string, source: string): string {
  return `# ${title}\n\n<!-- Generated from ${source} by \`npm run reference\`: change it there. -->\n`;
}

/** A page as `npm run format` leaves it. */
export async function formatted({ path, text }: Page): Promise<Page> {
  const options = await resolveConfig(path);
  return { path, text: await format(text, { ...options, filepath: path }) };
}

/** Text with the characters escaped that Markdown or HTML would take for its own, outside of code spans; addresses as code. */
export function escaped(text: string): string {
  return text
    .split(/(`[^`]*`|\bhttps?:\/\/\S*[^\s.,;])/)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/[<>*_[\]|]/g, '\\$&') : code(part.replaceAll('`', ''))))
    .join('');
}

/** A value as code. */
export function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
