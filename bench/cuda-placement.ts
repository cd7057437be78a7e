// Loads half-precision packages in CUDA sessions of the real provider, on a machine without CUDA.
// usage: node bin/run.js bench/cuda-placement.ts [--onnxruntime-node <folder>] [--provider <folder>] [package...]
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { compileCheckpoint } from '../model/compile/compile.ts';
import { encodeModel } from '../model/compile/onnx/encode.ts';
import { Ops } from '../model/compile/onnx/ops.ts';
import { PACKAGE_FILES } from '../model/package/layout.ts';
import { VARIANTS, writeVariantCheckpoint } from '../testing/checkpoints.ts';
import { makeStandIns } from './support/cuda-stand-ins.ts';
import { runProgram } from './support/run-program.ts';
import { sourceFlags } from '../model/source-flags.ts';

const HELP = `usage: node bin/run.js bench/cuda-placement.ts [options] [package...]

Creates a CUDA session for each fp16 package (default: all small test checkpoints) with ONNX Runtime's own CUDA
provider, without fallback to the CPU, and with stubs for NVIDIA's libraries. Lists the nodes for which the provider has
no kernel, and the copies between host and GPU that it adds. Then prints the attention kernel that OFA-large's layers
use on each compute capability. Needs a C compiler and binutils; exits with 1 if a session cannot be created.

  --onnxruntime-node <folder>  the onnxruntime-node package to test (default: the installed one)
  --provider <folder>          folder of libonnxruntime_providers_cuda.so and ..._shared.so of the same release
                               (default: where the package's install script puts them)
  --cudnn <number>             the version of cuDNN that the stub reports (default: 91400, which is 9.14.0)`;

/** Volta, Turing, Ampere, Ada, Hopper, Blackwell. */
const CAPABILITIES = [70, 75, 80, 89, 90, 120];
/** OFA-large's encoder at its longest text and at its shortest, and its decoder. */
const LENGTHS = [984, 912, 83];

interface Runtime {
  readonly libraries: string;
  readonly packageFolder: string;
  readonly cudnn: string;
}

/** Runs cuda-session.ts with the stubs. @returns everything that it and ONNX Runtime printed */
async function session(
  { libraries, packageFolder, cudnn }: Runtime,
  graph: string,
  inputs: readonly string[] = [],
  capability = 80,
): Promise<string> {
  const script = fileURLToPath(new URL('support/cuda-session.ts', import.meta.url));
  const args = [...sourceFlags(script), script, packageFolder, graph, ...inputs];
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: libraries,
    CUDA_STAND_IN_CAPABILITY: String(capability),
    CUDA_STAND_IN_CUDNN: cudnn,
    ORT_ENABLE_ATTENTION_KERNEL_DEBUG_INFO: '1',
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env, maxBuffer: 2 ** 28 });
  return stdout + stderr;
}

/** What keeps a graph from running on CUDA, according to the provider; empty if the session was created. */
async function problems(runtime: Runtime, graph: string): Promise<string[]> {
  const said = await session(runtime, graph);
  const nodes = [...said.matchAll(/CUDA kernel not found in registries for Op type: (\S+) node name: (\S+)/g)];
  const copies = /(\d+) Memcpy nodes are added/.exec(said)?.[1];
  return [
    ...nodes.map((match) => `no CUDA kernel for ${match[1] ?? ''} (${match[2] ?? ''})`),
    ...(copies === undefined ? [] : [`${copies} copies between host and GPU`]),
    ...(said.includes('session: made') ? [] : [/^session: .*$/m.exec(said)?.[0] ?? 'no session']),
  ];
}

async function smallPackages(folder: string): Promise<string[]> {
  const packages: string[] = [];
  for (const variant of VARIANTS) {
    const checkpoint = join(folder, `checkpoint-${packages.length}`);
    writeVariantCheckpoint(checkpoint, variant);
    const target = join(folder, `package-${packages.length}`);
    await compileCheckpoint(checkpoint, target, { precision: 'fp16', name: variant.name });
    packages.push(target);
  }
  return packages;
}

/** The kernel that ONNX Runtime uses for OFA-large's attention over `length` positions. */
async function attentionKernel(runtime: Runtime, folder: string, length: number, capability: number): Promise<string> {
  const [heads, width] = [16, 1024];
  const builder = new Ops();
  const shapes = { q: [1, length, width], k: [1, length, width], v: [1, length, width] };
  const [q, k, v] = Object.entries(shapes).map(([name, shape]) =>
    builder.input({ name, type: 'float16', shape }, shape),
  );
  const square = [1, heads, length, length];
  const bias = builder.input({ name: 'bias', type: 'float16', shape: square }, square);
  if (!q || !k || !v) throw new Error('An attention has three inputs.');
  const mixed = builder.attention(q, k, v, heads, { bias });
  const graph = builder.finish('attention', [builder.output('y', mixed, shapes.q)]);
  const file = join(folder, 'attention.onnx');
  await writeFile(file, encodeModel(graph, new Map()));
  const inputs = [...Object.entries(shapes), ['bias', square] as const].map(
    ([name, dims]) => `${name}=${dims.join(',')}`,
  );
  const said = await session(runtime, file, inputs, capability);
  // cuDNN's kernel is recognized by its failure, since the stubs cannot build a cuDNN graph.
  return /SdpaKernel=(\w+)/.exec(said)?.[1] ?? (/cudnn/i.test(said) ? 'CUDNN_FLASH_ATTENTION' : 'unknown');
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'onnxruntime-node': { type: 'string' },
      provider: { type: 'string' },
      cudnn: { type: 'string', default: '91400' },
    },
  });
  const installed = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const packageFolder = values['onnxruntime-node'] ?? installed;
  const binaries = join(packageFolder, 'bin/napi-v6/linux/x64');
  const scratch = await mkdtemp(join(tmpdir(), 'ofa-ve-cuda-placement-'));
  try {
    await makeStandIns(scratch, values.provider ?? binaries, binaries);
    const runtime = { libraries: scratch, packageFolder, cudnn: values.cudnn };
    console.log(`runtime:  onnxruntime-node ${await versionOf(packageFolder)}`);
    await printPlacement(runtime, positionals.length > 0 ? positionals : await smallPackages(scratch));
    await printKernels(runtime, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function printPlacement(runtime: Runtime, packages: readonly string[]): Promise<void> {
  let failed = 0;
  for (const each of packages) {
    const graphs = [PACKAGE_FILES.imageGraph, PACKAGE_FILES.graph].map((graph) => join(each, graph));
    const found = (await Promise.all(graphs.map((graph) => problems(runtime, graph)))).flat();
    if (found.length > 0) failed++;
    for (const problem of found) console.log(`          ${each}: ${problem}`);
  }
  console.log(`packages: ${packages.length - failed} of ${packages.length} wholly on CUDA, without copies`);
  if (failed > 0) process.exitCode = 1;
}

async function printKernels(runtime: Runtime, folder: string): Promise<void> {
  for (const capability of CAPABILITIES) {
    const kernels: string[] = [];
    for (const length of LENGTHS) {
      kernels.push(`${length}: ${await attentionKernel(runtime, folder, length, capability)}`);
    }
    console.log(`attention at ${(capability / 10).toFixed(1)}, over positions ${kernels.join(', ')}`);
  }
}

async function versionOf(packageFolder: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

await runProgram(main, HELP);
