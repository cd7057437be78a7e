import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Flags of Node.js for a process or thread that runs a file of this repository: tsx's loader where the file is
 * TypeScript and Node.js cannot run it by itself, which it can from 22.18 on; none otherwise.
 *
 * @param file path or address of the file
 */
export function sourceFlags(file: string | URL): string[] {
  const { typescript } = process.features as { typescript?: 'strip' | 'transform' | false };
  if (typescript || !String(file).endsWith('.ts')) return [];
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}
