import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { nativeBinaries } from '../../docker/native-binaries.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { ROOT } from '../../testing/root.ts';

const ORT = 'onnxruntime-node/bin/napi-v6';

/** The first bytes of an ELF file for a machine: 62 is x86-64, 183 is AArch64, 40 is 32-bit ARM. */
function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46);
  header.writeUInt16LE(machine, 18);
  return header;
}

let modules = '';

async function put(file: string, content: Buffer | string = ''): Promise<void> {
  await mkdir(path.dirname(path.join(modules, file)), { recursive: true });
  await writeFile(path.join(modules, file), content);
}

beforeEach(async () => {
  modules = tempFolder();
  await put('swagger-ui-dist/package.json');
  await put('swagger-ui-dist/swagger-ui-es-bundle.js');
  await put('swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt');
  for (const file of ['index.js', 'index.js.map', 'index.d.ts', 'src/index.ts', 'test/index.js'])
    await put(`zod/${file}`);
  for (const file of ['tests/index.js', 'build/test/index.js']) await put(`@a/b/node_modules/c/${file}`);
  for (const [arch, machine] of [
    ['x64', 62],
    ['arm64', 183],
  ] as const) {
    await put(`${ORT}/linux/${arch}/onnxruntime_binding.node`, elf(machine));
    await put(`${ORT}/linux/${arch}/libonnxruntime.so.1`, elf(machine));
  }
  await put(`${ORT}/darwin/arm64/onnxruntime_binding.node`, 'Mach-O');
  await put('@img/sharp-linux-arm64/lib/sharp-linux-arm64-0.35.5.node', elf(183));
  await put('@img/sharp-libvips-linux-arm64/lib/libvips-cpp.so.8.18.7', elf(183));
});

/** Paths of the files below a folder. */
async function files(folder: string): Promise<string[]> {
  const entries = await readdir(path.join(modules, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(modules, folder), path.join(entry.parentPath, entry.name)))
    .sort();
}

function prune(arch: string): Promise<{ code: number; output: string }> {
  const args = [path.join(ROOT, 'bin/run.js'), path.join(ROOT, 'docker/prune.ts'), modules, arch];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

it('keeps the binaries of the architecture, and nothing that is not loaded', async () => {
  expect(await prune('arm64')).toEqual({ code: 0, output: '4 native binaries, all for linux/arm64.\n' });
  expect((await readdir(path.join(modules, ORT), { recursive: true })).sort()).toEqual([
    'linux',
    'linux/arm64',
    'linux/arm64/libonnxruntime.so.1',
    'linux/arm64/onnxruntime_binding.node',
  ]);
  expect(await files('zod')).toEqual(['index.js']);
  expect(await files('@a')).toEqual(['b/node_modules/c/build/test/index.js']);
  // The licences of what is bundled stay.
  expect(await files('swagger-ui-dist')).toEqual(['package.json', 'swagger-ui-bundle.js.LICENSE.txt']);
});

it('fails where a binary is for another architecture, and where one is missing', async () => {
  const { code, output } = await prune('x64');
  expect(code).toBe(1);
  expect(output).toContain('@img/sharp-linux-arm64/lib/sharp-linux-arm64-0.35.5.node is not for x64');
  expect(output).toContain('@img/sharp-linux-x64/ has no binary');
});

it('reads the architecture of a binary from its header', async () => {
  await put('a/a.node', elf(62));
  await put('a/b.so.1.2', elf(40));
  await put('a/c.dll', 'MZ');
  await put('a/d.node', '');
  await put('a/e.js', elf(62));
  expect(await nativeBinaries(path.join(modules, 'a'))).toEqual([
    { file: 'a.node', arch: 'x64' },
    { file: 'b.so.1.2', arch: undefined },
    { file: 'c.dll', arch: undefined },
    { file: 'd.node', arch: undefined },
  ]);
});
