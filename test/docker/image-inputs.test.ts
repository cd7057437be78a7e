import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { ROOT } from '../../testing/root.ts';
import { INPUTS } from '../image/inputs.ts';

/** The modules of the repository that one imports, directly or not. Of infra/ the test takes values, which it hashes. */
function importedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file) || file.startsWith('infra/')) return found;
  found.add(file);
  for (const { fileName } of ts.preProcessFile(readFileSync(ROOT + file, 'utf8')).importedFiles) {
    if (fileName.startsWith('.')) importedBy(path.join(path.dirname(file), fileName), found);
  }
  return found;
}

it('the image test runs again after a change to any module that it imports', () => {
  const modules = [...importedBy('test/image/main.ts')];
  expect(modules).toContain('testing/process-usage.ts');
  const isInput = (file: string) => INPUTS.some((input) => file === input || file.startsWith(`${input}/`));
  expect(modules.filter((file) => !isInput(file))).toEqual([]);
});
