import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_SETTINGS } from '../../service/contract.ts';
import { config } from '../../infra/config.ts';
import { ROOT } from '../../testing/root.ts';
import type { Engine } from './engine.ts';

/** The image under test. */
export const TAG = 'localhost/ofa-ve:test';

/** What `image inspect` says, as far as it is looked at. */
export interface ImageFacts {
  readonly Size: number;
  readonly Config: {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
    readonly ExposedPorts: Readonly<Record<string, unknown>>;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
  /** Where podman has the health check; Docker has it in `Config`. */
  readonly Healthcheck?: { readonly Test: readonly string[] };
  readonly RootFS: { readonly Layers: readonly string[] };
}

/** Most bytes that the model of the test, the dependencies and the program may add to the base. */
const MOST_ADDED_BYTES = 270_000_000;

export async function inspectImage(engine: Engine, tag: string): Promise<ImageFacts> {
  const [facts] = JSON.parse(await engine.run(['image', 'inspect', tag])) as ImageFacts[];
  assert.ok(facts, `${tag} is not there`);
  return facts;
}

/** The image's own settings: user, entry, ports, labels, health check, and nothing that only the build may know. */
export function checkConfig({ Config: image, Healthcheck }: ImageFacts): void {
  const { userId } = config.workloads[0]?.security ?? { userId: Number.NaN };
  assert.equal(image.User, `${userId}:${userId}`, 'the user is not the one of the deployment');
  assert.deepEqual([...image.Entrypoint, ...image.Cmd], ['node', '--max-semi-space-size=2', 'bin/ofa-ve.js', 'serve']);
  assert.deepEqual(
    Object.keys(image.ExposedPorts).sort(),
    ['PORT', 'GRPC_PORT', 'ADMIN_PORT'].map((name) => `${DEFAULT_SETTINGS[name as 'PORT']}/tcp`).sort(),
  );
  for (const label of ['title', 'description', 'licenses', 'version', 'revision']) {
    assert.ok(image.Labels[`org.opencontainers.image.${label}`], `the label ${label} is missing`);
  }
  assert.deepEqual((image.Healthcheck ?? Healthcheck)?.Test, ['CMD', 'node', 'build/docker/health.js']);
  assert.ok(!image.Env.some((entry) => /EXTRA_CA|TOKEN|SECRET|PROXY/i.test(entry)), 'the build left a secret');
}

/** The version in the label is the program's. */
export async function checkVersion({ Config: { Labels } }: ImageFacts): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  assert.equal(Labels['org.opencontainers.image.version'], manifest.version);
}

/** The image is not much larger than what it needs. */
export function checkSize(image: ImageFacts, base: ImageFacts): void {
  const added = image.Size - base.Size;
  assert.ok(added < MOST_ADDED_BYTES, `${added} bytes lie on the base, more than ${MOST_ADDED_BYTES}`);
}

/** Prints what an image weighs. */
export function printSize(tag: string, { Size, RootFS }: ImageFacts, base: ImageFacts): void {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `${tag}: ${megabytes(Size)} in ${RootFS.Layers.length} layers, ${megabytes(Size - base.Size)} of it on the base`,
  );
}

/** A program for `node -e` that prints, as JSON, what the file system holds that it should not. */
export const CONTENT_PROGRAM = `
  const fs = require('node:fs');
  const ls = (folder) => fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  const modules = ls('node_modules').flatMap((name) =>
    name.startsWith('@') ? ls('node_modules/' + name).map((inner) => name + '/' + inner) : [name]);
  const binaries = 'node_modules/onnxruntime-node/bin/napi-v6';
  console.log(JSON.stringify({
    modules,
    platforms: ls(binaries).flatMap((os) => ls(binaries + '/' + os).map((cpu) => os + '/' + cpu)),
    npm: ['/usr/local/bin/npm', '/usr/local/lib/node_modules', '/root/.npm', '/tmp/node-compile-cache'].filter(fs.existsSync),
    sources: ['cli', 'test', 'infra', 'service/lifecycle/start-service.ts', '.npmrc', 'package-lock.json'].filter((name) => fs.existsSync(name)),
    app: ls('.'),
  }));
`;

interface Content {
  readonly modules: readonly string[];
  readonly platforms: readonly string[];
  readonly npm: readonly string[];
  readonly sources: readonly string[];
}

/** Checks what {@link CONTENT_PROGRAM} found: no dev dependency, no package manager, no foreign binaries. */
export async function checkContent(printed: string): Promise<void> {
  const content = JSON.parse(printed) as Content;
  const lock = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const development = content.modules.filter((name) => lock.packages[`node_modules/${name}`]?.dev === true);
  assert.deepEqual(development, [], 'development dependencies are in the image');
  const unknown = content.modules.filter(
    (name) => !name.startsWith('.') && lock.packages[`node_modules/${name}`] === undefined,
  );
  assert.deepEqual(unknown, [], 'packages are in the image that the lock file does not know');
  assert.ok(content.modules.includes('hono'), 'the dependencies are not where they were looked for');
  assert.deepEqual(content.platforms, [`${process.platform}/${process.arch}`]);
  assert.deepEqual(content.npm, [], 'a package manager or its cache is in the image');
  assert.deepEqual(content.sources, [], 'sources are in the image');
}
