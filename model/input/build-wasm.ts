import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The part of AssemblyScript's compiler API that is used here. */
interface Compiler {
  main(
    options: readonly string[],
    host: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ readonly error: Error | null }>;
}

// Not a literal, so that tsc does not load the package's declarations, which redeclare Array for the whole project.
const COMPILER = ['assemblyscript', 'asc'].join('/');

/** The project's modules: their sources, the files with their compiled forms, and the names of these. */
const MODULES = [
  {
    source: new URL('./resize/assembly/kernel.ts', import.meta.url),
    target: new URL('./resize/kernel-wasm.ts', import.meta.url),
    name: 'KERNEL_WASM',
  },
  {
    source: new URL('./pixels/jpeg/assembly/decoder.ts', import.meta.url),
    target: new URL('./pixels/jpeg/decoder-wasm.ts', import.meta.url),
    name: 'DECODER_WASM',
  },
] as const;

const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1'];
const BASE64_COLUMNS = 96;

/**
 * Compiles the modules. The output is deterministic.
 *
 * @returns for each module its file, and what belongs in it: the WebAssembly module in base64
 * @throws Error with the compiler's error as its cause if a source does not compile
 */
export async function compileModules(): Promise<{ readonly target: URL; readonly content: string }[]> {
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  return Promise.all(MODULES.map((module) => compile(asc, module)));
}

async function compile(
  asc: Compiler,
  { source, target, name }: (typeof MODULES)[number],
): Promise<{ readonly target: URL; readonly content: string }> {
  // With the files that it imports.
  const folder = new URL('.', source);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
  const texts = new Map(
    await Promise.all(files.map(async (file) => [file, await readFile(new URL(file, folder), 'utf8')] as const)),
  );
  const outputs = new Map<string, string | Uint8Array>();
  const { error } = await asc.main([path.basename(source.pathname), '--outFile', 'module.wasm', ...OPTIONS], {
    readFile: (file) => texts.get(file) ?? null,
    writeFile: (file, contents) => void outputs.set(file, contents),
    listFiles: () => [],
  });
  const module = outputs.get('module.wasm');
  if (error || module === undefined) throw new Error(`${source.pathname} does not compile.`, { cause: error });
  const base64 = Buffer.from(module).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${BASE64_COLUMNS}}`, 'g')) ?? [];
  const content = `/**
 * The compiled form of assembly/${path.basename(source.pathname)}, a WebAssembly module in base64. Written by \`npm run build:wasm\`; a
 * test compares it with its source.
 */
export const ${name} =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
  return { target, content };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { target, content } of await compileModules()) await writeFile(target, content);
}
