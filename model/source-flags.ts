import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * The flags that Node.js needs to run a file of this repository in a process or thread: tsx's loader if the file is
 * TypeScript and this Node.js cannot run TypeScript itself (22.18 and later can).
 *
 * @param file path or URL of the file
 */
export function sourceFlags(file: string | URL): string[] {
  const { typescript } = process.features as { typescript?: 'strip' | 'transform' | false };
  if (typescript || !String(file).endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}
