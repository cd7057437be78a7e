import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { compileModules } from '../../../model/input/build-wasm.ts';

describe('the WebAssembly modules', () => {
  it('are what their sources compile to', async () => {
    const modules = await compileModules();
    expect(modules).toHaveLength(2);
    for (const { target, content } of modules) expect(await readFile(target, 'utf8')).toBe(content);
  });
});
