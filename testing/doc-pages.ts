import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './root.ts';

/** The pages that people write; the changelog names what is gone, too, and the reference is generated. */
export const DOC_PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('reference'))
    .map((file) => path.join('docs', file)),
].map((page) => ({ page, text: readFileSync(ROOT + page, 'utf8') }));
