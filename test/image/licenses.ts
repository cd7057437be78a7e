import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Container } from './container.ts';

const FOLDER = '/licenses';

/** A program for `node -e` that prints the packages of the image, as `name version`. */
const PACKAGES_PROGRAM = `
  const fs = require('node:fs');
  const manifest = /^(@[^/]+\\/)?[^/]+\\/package\\.json$/;
  const files = fs.readdirSync('node_modules', { recursive: true })
    .filter((file) => manifest.test(file.split(/(?:^|\\/)node_modules\\//).at(-1)));
  console.log(JSON.stringify(files.map((file) => {
    const { name, version } = JSON.parse(fs.readFileSync('node_modules/' + file, 'utf8'));
    return name + ' ' + version;
  })));
`;

const sbomSchema = z.object({ components: z.array(z.object({ name: z.string(), version: z.string() })) });

/** The image has the licences of all that it contains, and a list of it. */
export async function checkLicenses({ exec }: Container): Promise<void> {
  const packages = z.array(z.string()).parse(JSON.parse(await exec('node', '-e', PACKAGES_PROGRAM)));
  assert.ok(packages.length > 100, 'the packages are not where they were looked for');
  const notices = await exec('cat', `${FOLDER}/THIRD-PARTY-NOTICES.txt`);
  assert.deepEqual(
    packages.filter((each) => !notices.includes(`\n${each} (`)),
    [],
    'packages are in the image without their licences',
  );
  const { components } = sbomSchema.parse(JSON.parse(await exec('cat', `${FOLDER}/sbom.cdx.json`)));
  const listed = components.map(({ name, version }) => `${name} ${version}`);
  const node = await exec('node', '-p', "'node ' + process.versions.node");
  assert.deepEqual(
    [...new Set(listed)].sort(),
    [...new Set([...packages, node])].sort(),
    'the list is not of this image',
  );
  assert.match(await exec('cat', `${FOLDER}/LICENSE`), /^\s*Apache License/);
  assert.match(await exec('cat', `${FOLDER}/NOTICE`), /Independent JPEG Group/);
  assert.match(await exec('cat', `${FOLDER}/nodejs.txt`), /^Node\.js is licensed/);
  console.log(`${packages.length} packages, all with their licences and in the bill of materials`);
}
