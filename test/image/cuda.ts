import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkAnswers, checkStop, startContainer, untilReady } from './container.ts';
import { ROOT } from '../../testing/root.ts';
import type { Subject } from './context.ts';
import type { Build, Engine } from './engine.ts';
import { inspectImage, printSize } from './image.ts';
import { weightsLayer } from './layers.ts';
import { checkLicenses } from './licenses.ts';
import { step } from './shell.ts';

const BINARIES = path.join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64');
const PROVIDER = 'libonnxruntime_providers_cuda.so';
const SHARED = 'libonnxruntime_providers_shared.so';
/** As long as the name of the library in whose place it is written. */
const NOWHERE = 'libmissingcuda.so.1';
const CUDA_BASE_TAG = 'localhost/ofa-ve:test-cuda-base';
/** The default, which podman 4.3 does not look at to find the stages that it needs. */
const NEWEST = ['--build-arg', 'CUDA=13'];
/** The releases of onnxruntime-node that the two variants carry; undefined: the locked one. */
const VARIANTS = [
  { cuda: '13', release: undefined },
  { cuda: '12', release: '1.26.0' },
] as const;

/**
 * Every stage of the target cuda, with stand-ins for what only NVIDIA and NuGet have: a base that has a library of
 * cuDNN's name, and a provider that needs nothing else. A provider that needs something else must fail the build.
 */
export async function checkCuda(engine: Engine, build: Build, model: Subject, base: string): Promise<void> {
  if (process.arch !== 'x64') {
    console.log('\nThe target cuda is for x86-64 only: not built here.');
    return;
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'ofa-ve-cuda-'));
  try {
    await buildBase(engine, scratch, base);
    const { fitting, unfitting } = await makeProviders(scratch);
    step('the target cuda with a provider that does not fit');
    const misfit = build('cuda', 'localhost/ofa-ve:test-misfit', [
      ...cudaArguments('13', unfitting),
      ...model.buildArguments,
    ]);
    await assert.rejects(misfit, new RegExp(`needs ${NOWHERE}, which the base image does not have`));
    console.log('the build fails and says what is missing');
    for (const { cuda, release } of VARIANTS) {
      step(`the target cuda for CUDA ${cuda}`);
      const tag = `localhost/ofa-ve:test-cuda-${cuda}`;
      await build('cuda', tag, [...cudaArguments(cuda, fitting), ...model.buildArguments]);
      await weightsLayer(engine, tag);
      await checkVariant(engine, tag, model, release);
      printSize(
        `cuda ${cuda}, without NVIDIA's libraries`,
        await inspectImage(engine, tag),
        await inspectImage(engine, base),
      );
    }
    await checkProxy(build);
    await checkDownload(build);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function cudaArguments(cuda: string, provider: string): string[] {
  return [
    ...['--build-arg', `CUDA=${cuda}`, '--build-context', `cuda-provider=${provider}`],
    ...['12', '13'].flatMap((version) => ['--build-arg', `CUDA_${version}_BASE=${CUDA_BASE_TAG}`]),
  ];
}

/** A base with a library of cuDNN's name: any that names itself nothing, so that the linker goes by its file's name. */
async function buildBase(engine: Engine, scratch: string, base: string): Promise<void> {
  const folder = path.join(scratch, 'base');
  await mkdir(folder);
  const library = '/usr/lib/x86_64-linux-gnu';
  await writeFile(
    path.join(folder, 'Dockerfile'),
    `FROM ${base}\nRUN cp ${library}/gconv/UTF-16.so ${library}/libcudnn.so.9 && /sbin/ldconfig\n`,
  );
  await engine.run(['build', '--tag', CUDA_BASE_TAG, folder]);
}

/** Libraries in the provider's place: one whose needs every Debian fulfils, and one with a need that nothing fulfils. */
async function makeProviders(scratch: string): Promise<{ fitting: string; unfitting: string }> {
  const [fitting, unfitting] = [path.join(scratch, 'fitting'), path.join(scratch, 'unfitting')];
  const runtime = 'libonnxruntime.so.1';
  for (const folder of [fitting, unfitting]) {
    await mkdir(folder);
    await cp(path.join(BINARIES, runtime), path.join(folder, SHARED));
  }
  await cp(path.join(BINARIES, runtime), path.join(fitting, PROVIDER));
  const binding = await readFile(path.join(BINARIES, 'onnxruntime_binding.node'));
  const at = binding.indexOf(`${runtime}\0`);
  assert.ok(at > 0 && NOWHERE.length === runtime.length, 'the binding does not name its run time');
  binding.write(NOWHERE, at, 'latin1');
  await writeFile(path.join(unfitting, PROVIDER), binding);
  return { fitting, unfitting };
}

/** The image for GPUs serves on the CPU where it is told to: everything but CUDA is in its place. */
async function checkVariant(engine: Engine, tag: string, model: Subject, release: string | undefined): Promise<void> {
  const container = await startContainer(engine, tag, { DEVICE: 'cpu' });
  try {
    await untilReady(engine, container);
    await checkAnswers(container, model.questions);
    const found = await container.exec('node', '-p', "require('onnxruntime-node/package.json').version");
    assert.equal(found, release ?? (await lockedRelease()));
    await checkLicenses(container);
    console.log(`onnxruntime-node ${found}, serving the fp16 package on the CPU`);
    // As Ctrl-C in a terminal does; the target cpu is stopped as Docker and Kubernetes do.
    await checkStop(engine, container, 'SIGINT');
  } finally {
    await container.remove();
  }
}

async function lockedRelease(): Promise<string> {
  const text = await readFile(path.join(ROOT, 'node_modules/onnxruntime-node/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The download goes through the builder's proxy, as npm's do; this one notes what it is asked for and refuses it. */
async function checkProxy(build: Build): Promise<void> {
  step('downloading the CUDA provider through a proxy');
  const asked: (string | undefined)[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = proxy.address() as AddressInfo;
    const settings = [`HTTPS_PROXY=http://127.0.0.1:${port}`, 'NO_PROXY='];
    const args = ['--network', 'host', ...settings.flatMap((setting) => ['--build-arg', setting]), ...NEWEST];
    await assert.rejects(build('cuda-download', 'localhost/ofa-ve:test-proxy', args), /install\.js/);
    assert.deepEqual(asked, ['api.nuget.org:443'], 'the proxy was not asked for the provider, or for more');
  } finally {
    proxy.close();
  }
  console.log('the proxy is asked for it');
}

/** The real provider is fetched where NuGet answers. */
async function checkDownload(build: Build): Promise<void> {
  const nuget = 'https://api.nuget.org/v3/index.json';
  const answer = await fetch(nuget, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  if (!answer?.ok) {
    console.log('\nNuGet does not answer: the download of the CUDA provider is not tried.');
    return;
  }
  step('downloading the CUDA provider');
  await build('cuda-provider', 'localhost/ofa-ve:test-cuda-provider', NEWEST);
}
