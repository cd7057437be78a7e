import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, whyNotLoaded } from '../../model/onnx-runtime-platforms.ts';

const failure = new Error('libonnxruntime.so.1: cannot open shared object file\nRequire stack:');

describe('why ONNX Runtime cannot be loaded', () => {
  it.each([
    ['darwin', 'x64', false, 'ONNX Runtime cannot run on this machine (darwin x64).'],
    ['freebsd', 'x64', false, 'ONNX Runtime cannot run on this machine (freebsd x64).'],
    ['linux', 'x64', false, 'ONNX Runtime cannot run on this system, which has no glibc'],
    ['linux', 'arm64', true, 'cannot be loaded: libonnxruntime.so.1: cannot open shared object file. Install'],
    ['win32', 'arm64', false, 'cannot be loaded: libonnxruntime.so.1: cannot open shared object file. Install'],
  ])('says so for %s on %s', (platform, arch, hasGlibc, sentence) => {
    expect(whyNotLoaded(failure, { platform, arch, hasGlibc })).toContain(sentence);
  });

  it('knows the machines that the package has libraries for', () => {
    const module = path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
    const libraries = path.join(module, 'bin', 'napi-v6');
    const found = readdirSync(libraries).map((name) => [name, readdirSync(path.join(libraries, name)).sort()]);
    expect(Object.fromEntries(found)).toEqual(PLATFORMS);
  });
});
