import { readFile, writeFile } from 'node:fs/promises';
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

const SOURCE = new URL('./assembly/kernel.ts', import.meta.url);
const TARGET = new URL('./kernel-wasm.ts', import.meta.url);
const BASE64_COLUMNS = 96;

/**
 * Compiles the resampler's kernel. The output is deterministic.
 *
 * @returns the content of kernel-wasm.ts, which has the WebAssembly module in base64
 * @throws Error with the compiler's error as its cause if the source does not compile
 */
export async function compileKernel(): Promise<string> {
  const { default: asc } = (await import(COMPILER)) as { default: Compiler };
  const source = await readFile(SOURCE, 'utf8');
  const outputs = new Map<string, string | Uint8Array>();
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--initialMemory', '1'];
  const { error } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...options], {
    readFile: (name) => (name === 'kernel.ts' ? source : null),
    writeFile: (name, contents) => void outputs.set(name, contents),
    listFiles: () => [],
  });
  const module = outputs.get('kernel.wasm');
  if (error || module === undefined) throw new Error('The kernel does not compile.', { cause: error });
  const base64 = Buffer.from(module).toString('base64');
  const lines = base64.match(new RegExp(`.{1,${BASE64_COLUMNS}}`, 'g')) ?? [];
  return `/**
 * The compiled form of assembly/kernel.ts, a WebAssembly module in base64. Written by \`npm run build:kernel\`; a
 * test compares it with its source.
 */
export const KERNEL_WASM =
${lines.map((line) => `  '${line}'`).join(' +\n')};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(TARGET, await compileKernel());
