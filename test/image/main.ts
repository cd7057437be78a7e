/**
 * `npm run test:image`: builds the images and proves what the deployment relies on, with Docker where a daemon
 * answers, else with podman and stand-ins for the bases. With `-- --if-changed` it does nothing where the committed
 * `verified.txt` says that these very files have passed already.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { config } from '../../infra/config.ts';
import { checkArm64 } from './arm64.ts';
import { standInBases, type BaseArguments } from './bases.ts';
import { checkBuildContext } from './build-context.ts';
import {
  checkAnswers,
  checkConfinement,
  checkHealthBesideProxy,
  checkPages,
  checkReplacement,
  checkStop,
  checkUnhealthy,
  startContainer,
  untilHealthy,
  untilReady,
} from './container.ts';
import { ROOT } from '../../testing/root.ts';
import { copyContext, subject, type Context, type Subject } from './context.ts';
import { checkCuda } from './cuda.ts';
import { findEngine, type Build, type Engine } from './engine.ts';
import {
  checkConfig,
  checkContent,
  checkSize,
  checkVersion,
  CONTENT_PROGRAM,
  inspectImage,
  printSize,
  TAG,
} from './image.ts';
import { inputsHash, isVerified, recordVerified } from './inputs.ts';
import { checkLayers } from './layers.ts';
import { checkLicenses } from './licenses.ts';
import { checkMemory, checkOomKill } from './memory.ts';
import { run, step } from './shell.ts';

/** Longest time of a build, which may have everything to fetch and to compile. */
const BUILD_MS = 1_800_000;
const BASE_TAG = 'localhost/ofa-ve:test-base';
/** How long pictures are sent to the image under its memory limit; `memory-stress.ts` goes on for longer. */
const STRESS_S = 20;

async function main(): Promise<void> {
  if (process.argv.includes('--if-changed') && (await isVerified())) {
    console.log('The image test has passed with these files: there is nothing to do.');
    return;
  }
  const began = performance.now();
  const hash = await inputsHash();
  step('linting the Dockerfile');
  await run(process.execPath, [
    path.join(ROOT, 'node_modules/dockerfile-utils/bin/dockerfile-utils'),
    'lint',
    path.join(ROOT, 'Dockerfile'),
  ]);
  await checkArm64();
  const engine = await findEngine();
  const context = await copyContext();
  try {
    await checkBuildContext(engine, context);
    const bases = engine.name === 'podman' ? await standInBases(engine, context.dockerfile) : {};
    const model = await subject();
    const build = builder(engine, context, bases);
    step(`building the target cpu with ${engine.name}`);
    await build('cpu', TAG, model.buildArguments);
    await checkImage(engine, build, model);
    await checkMemoryLimit(engine, model);
    await checkLayers(engine, build, model, context, TAG);
    await checkCuda(engine, build, model, BASE_TAG);
    await forgetOld(engine);
  } finally {
    await context.remove();
  }
  await recordVerified(hash);
  console.log(`\nThe images hold; ${((performance.now() - began) / 1000).toFixed(0)} s.`);
}

/** Podman keeps every layer that it has built; those of last week's code are of no use. Docker's are not ours to remove. */
async function forgetOld(engine: Engine): Promise<void> {
  if (engine.name === 'podman') await engine.attempt(['image', 'prune', '--force', '--filter', 'until=168h']);
}

function builder(engine: Engine, context: Context, bases: BaseArguments): Build {
  const extraCa = process.env['NODE_EXTRA_CA_CERTS'] ?? '';
  const args = [
    ...Object.entries(bases).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ...(existsSync(extraCa) ? ['--secret', `id=extra-ca,src=${extraCa}`] : []),
  ];
  return async (target, tag, more = []) => {
    const command = ['build', '--target', target, '--tag', tag, ...args, ...more, context.folder];
    await engine.run(command, { timeoutMs: BUILD_MS });
  };
}

async function checkImage(engine: Engine, build: Build, model: Subject): Promise<void> {
  step('the image');
  const image = await inspectImage(engine, TAG);
  checkConfig(image);
  await checkVersion(image);
  await build('debian', BASE_TAG);
  const base = await inspectImage(engine, BASE_TAG);
  checkSize(image, base);
  printSize('cpu', image, base);
  step('a container without rights: read-only, no capabilities, a memory limit');
  const container = await startContainer(engine, TAG);
  try {
    await untilReady(engine, container);
    await untilHealthy(engine, container);
    await checkUnhealthy(engine, container);
    await checkHealthBesideProxy(engine, container);
    console.log('ready, and the health check passes');
    await checkAnswers(container, model.questions);
    await checkPages(container);
    await checkConfinement(container, config.workloads[0]?.security.userId ?? Number.NaN);
    await checkContent(await container.exec('node', '-e', CONTENT_PROGRAM));
    await checkLicenses(container);
    // Loads what the backfills of a deployment run.
    await container.exec('node', 'bin/ofa-ve.js', 'batch', '--help');
    await checkReplacement(engine, container);
    await checkStop(engine, container);
  } finally {
    await container.remove();
  }
}

async function checkMemoryLimit(engine: Engine, { buildArguments }: Subject): Promise<void> {
  step('memory that runs out, and the memory limit of the deployment');
  await checkOomKill(engine, TAG);
  // The deployment's limit is that of the demo model.
  if (buildArguments.length === 0) await checkMemory(engine, TAG, STRESS_S);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
