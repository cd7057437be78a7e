/**
 * Writes what an image contains and under which licences: `node docker/inventory.ts FOLDER`, where node_modules is
 * installed. It fails if a package has no text of its licence.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { completed, type BillOfMaterials, type Versions } from './bill-of-materials.ts';
import { packageFolders, thirdPartyNotices } from './notices.ts';

const MODULES = 'node_modules';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node docker/inventory.ts FOLDER');
  process.exit(2);
}

/** The versions of the libraries in libvips, which are the same for each platform. */
async function libvipsVersions(): Promise<Versions> {
  const [name = ''] = (await readdir(path.join(MODULES, '@img'))).filter((entry) => entry.startsWith('sharp-libvips-'));
  return JSON.parse(await readFile(path.join(MODULES, '@img', name, 'versions.json'), 'utf8')) as Versions;
}

/** Copies of texts that do not keep their modes, which may be those of a clone that only its owner can read. */
async function copyTexts(target: string): Promise<void> {
  for (const own of ['LICENSE', 'NOTICE']) await writeFile(path.join(target, own), await readFile(own));
  // Beside bin/, as in the archives of Node.js.
  const ofNode = path.join(process.execPath, '../../LICENSE');
  const text = await readFile(ofNode).catch(() => undefined);
  if (text === undefined) throw new Error(`${ofNode} is missing: give a NODE_BASE that has the licence of Node.js.`);
  await writeFile(path.join(target, 'nodejs.txt'), text);
}

async function writeInventory(target: string): Promise<void> {
  const packages = await packageFolders(MODULES);
  await mkdir(target, { recursive: true });
  await copyTexts(target);
  await writeFile(path.join(target, 'THIRD-PARTY-NOTICES.txt'), await thirdPartyNotices(packages));
  const printed = execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
    encoding: 'utf8',
  });
  const bom = JSON.parse(printed) as BillOfMaterials;
  const complete = completed(bom, { node: process.versions, libvips: await libvipsVersions() });
  await writeFile(path.join(target, 'sbom.cdx.json'), `${JSON.stringify(complete, undefined, 2)}\n`);
  console.log(`${packages.length} packages, ${bom.components.length} of them in the bill of materials.`);
}

try {
  await writeInventory(folder);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
