import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../testing/root.ts';

const run = promisify(execFile);

/** What the compiled build reads besides its code. Earlier commits lack some of it. */
const NOT_COMPILED = [
  'package.json',
  'node_modules',
  'demo',
  'service/http/demo-page/assets',
  'service/grpc/inference.proto',
];

/** Options with which the images run Node.js, by their entry point. */
export function imageNodeOptions(): string[] {
  const [, entryPoint] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? [];
  if (entryPoint === undefined) throw new Error('the Dockerfile has no entry point');
  return (JSON.parse(entryPoint) as string[]).filter((part) => part.startsWith('--'));
}

/**
 * Compiles the sources into a folder laid out like the images.
 *
 * @param folder is created
 * @param root of the sources @default this repository
 * @returns path of its program
 */
export async function compileBuild(folder: string, root = ROOT): Promise<string> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [
    tsc,
    '-p',
    join(root, 'tsconfig.build.json'),
    '--noCheck',
    '--outDir',
    join(folder, 'build'),
  ]);
  await cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  for (const name of NOT_COMPILED.filter((each) => existsSync(join(root, each)))) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await symlink(join(root, name), join(folder, name));
  }
  return join(folder, 'bin/ofa-ve.js');
}
