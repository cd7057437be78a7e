import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, it } from 'vitest';
import { deployments, manifestsOf, podOf } from '../manifests.ts';
import { scenarios } from '../scenarios.ts';
import { tempFolder } from '../../../testing/temp-folder.ts';

const [deployment] = deployments(manifestsOf(scenarios.everything));
const [loader] = podOf(deployment ?? expect.fail()).initContainers ?? [];
const [program = '', ...args] = loader?.command ?? [];

let folder = '';

beforeEach(async () => {
  folder = tempFolder();
  await mkdir(path.join(folder, 'package', 'inner'), { recursive: true });
  await mkdir(path.join(folder, 'models'));
  await writeFile(path.join(folder, 'package', 'inner', 'model.onnx'), 'graph');
});

/** Runs the init container's command, as the pod of that name would. */
async function load(pod: string): Promise<void> {
  const env = {
    PATH: process.env['PATH'],
    HOSTNAME: pod,
    SOURCE: path.join(folder, 'package'),
    TARGET: path.join(folder, 'models', '1.0'),
  };
  await promisify(execFile)(program, args, { env });
}

async function loaded(): Promise<string> {
  return readFile(path.join(folder, 'models', '1.0', 'inner', 'model.onnx'), 'utf8');
}

it('fills the volume, and leaves nothing beside the model', async () => {
  await load('pod-a');
  expect(await loaded()).toBe('graph');
  expect(await readdir(path.join(folder, 'models'))).toEqual(['1.0']);
});

it('does not touch an existing model, which other pods have mapped', async () => {
  await load('pod-a');
  await writeFile(path.join(folder, 'package', 'inner', 'model.onnx'), 'changed');
  await load('pod-b');
  expect(await loaded()).toBe('graph');
});

it('starts again after an interrupted copy', async () => {
  await mkdir(path.join(folder, 'models', '1.0.part-pod-a'));
  await writeFile(path.join(folder, 'models', '1.0.part-pod-a', 'half'), '');
  await load('pod-a');
  expect(await readdir(path.join(folder, 'models', '1.0'))).toEqual(['inner']);
});

it('lets pods start at the same time', async () => {
  await Promise.all(['pod-a', 'pod-b', 'pod-c', 'pod-d'].map(load));
  expect(await loaded()).toBe('graph');
  expect(await readdir(path.join(folder, 'models'))).toEqual(['1.0']);
});

it('fails if the image has no model', async () => {
  await rm(path.join(folder, 'package'), { recursive: true });
  await expect(load('pod-a')).rejects.toThrow(/package/);
});
