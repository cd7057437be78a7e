import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { completed } from '../../docker/bill-of-materials.ts';
import { packageFolders, thirdPartyNotices } from '../../docker/notices.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { ROOT } from '../../testing/root.ts';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly dev?: boolean }>>;
}
const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lock;

/** Packages of the lock file that an installation without development dependencies has here. */
const production = Object.entries(lock.packages)
  .filter(([folder, { dev }]) => folder !== '' && dev !== true && existsSync(path.join(ROOT, folder)))
  .map(([folder]) => path.join(ROOT, folder));

describe('the licences of the dependencies', () => {
  it('are all there', async () => {
    const notices = await thirdPartyNotices(production);
    for (const folder of production) {
      const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
      };
      expect(notices).toContain(`\n${name} ${version} (`);
    }
    // Of packages that come without: the same authors' text, the library's own, and both that the LGPL asks for.
    expect(notices).toMatch(/@hono\/zod-openapi \S+ \(MIT\)\n.*?hono \S+ \(MIT\)\n-+\n\nMIT License/s);
    expect(notices).toMatch(/onnxruntime-node \S+ \(MIT\)\n-+\n\nMIT License\n\nCopyright \(c\) Microsoft Corporation/);
    expect(notices).toMatch(/onnxruntime-node \S+ \(MIT\)\n-+\n\nTHIRD PARTY SOFTWARE NOTICES AND INFORMATION/);
    expect(notices).toContain('GNU LESSER GENERAL PUBLIC LICENSE');
    expect(notices).toContain('GNU GENERAL PUBLIC LICENSE');
    expect(notices).toMatch(/^\| libwebp +\| New BSD License +\|$/m);
    // What is bundled in a package.
    expect(notices).toContain('http://jedwatson.github.io/classnames');
  });

  it("have the release of ONNX Runtime's that is installed", () => {
    const [major, minor] = (lock.packages['node_modules/onnxruntime-node']?.version ?? '').split('.');
    expect(existsSync(path.join(ROOT, `docker/licenses/onnxruntime-${major}.${minor}.txt`))).toBe(true);
  });
});

describe('packages', () => {
  let modules = '';

  function add(folder: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(path.join(modules, folder), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(modules, folder, name), text);
  }

  function manifest(name: string, more: Readonly<Record<string, string>> = {}): { 'package.json': string } {
    return { 'package.json': JSON.stringify({ name, version: '1.0.0', license: 'MIT', ...more }) };
  }

  beforeEach(() => {
    modules = path.join(tempFolder(), 'node_modules');
    add('one', { ...manifest('one'), LICENSE: 'text of one\r\n', 'license.js': 'code' });
    add('one/deps/copied', { 'COPYING.txt': 'text of a copy in one' });
    // Says only of which kind its modules are.
    add('one/esm', { 'package.json': '{ "type": "module" }' });
    add('one/node_modules/@scope/two', { ...manifest('@scope/two'), 'licence.md': 'text of one\n' });
  });

  it('are found in folders of scopes and of other packages, and each text is there once', async () => {
    const folders = await packageFolders(modules);
    expect(folders.map((folder) => path.relative(modules, folder))).toEqual(['one', 'one/node_modules/@scope/two']);
    const notices = await thirdPartyNotices(folders);
    expect(notices).toContain('\none 1.0.0 (MIT)\n@scope/two 1.0.0 (MIT)\n');
    expect(notices.match(/text of one/g)).toHaveLength(1);
    expect(notices).toContain('text of a copy in one');
    expect(notices).not.toContain('code');
  });

  it('without the text of their licence are an error that names them', async () => {
    add('three', manifest('three', { license: 'ISC' }));
    await expect(thirdPartyNotices(await packageFolders(modules))).rejects.toThrow(
      'These packages have no text of their licence: three 1.0.0 (ISC).',
    );
  });
});

it('the bill of materials has what is inside binaries, and is the same for the same packages', () => {
  const npm = {
    serialNumber: 'urn:uuid:1',
    metadata: {
      timestamp: '2026-01-01T00:00:00.000Z',
      component: { type: 'application', name: 'app', version: '1.2.3' },
    },
    components: [
      { type: 'library', name: 'hono', version: '4.0.0' },
      { type: 'library', name: '@img/sharp-libvips-linux-x64', version: '1.3.4' },
    ],
  };
  const node = { node: '24.1.0', openssl: '3.5.9', zlib: '1.3.2-motley', ngtcp2: '', modules: '137' };
  expect(completed(npm, { node, libvips: { webp: '1.6.0' } })).toEqual({
    metadata: { component: { type: 'application', name: 'ofa-ve', version: '1.2.3' } },
    components: [
      {
        type: 'application',
        name: 'node',
        version: '24.1.0',
        purl: 'pkg:generic/node@24.1.0',
        cpe: 'cpe:2.3:a:nodejs:node.js:24.1.0:*:*:*:-:*:*:*',
        components: [
          { type: 'library', name: 'openssl', version: '3.5.9', purl: 'pkg:generic/openssl@3.5.9' },
          { type: 'library', name: 'zlib', version: '1.3.2-motley', purl: 'pkg:generic/zlib@1.3.2-motley' },
        ],
      },
      npm.components[0],
      {
        ...npm.components[1],
        components: [{ type: 'library', name: 'webp', version: '1.6.0', purl: 'pkg:generic/webp@1.6.0' }],
      },
    ],
  });
});
