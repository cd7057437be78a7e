import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Texts that packages do not bring themselves. */
const TEXTS = path.join(import.meta.dirname, 'licenses');
/** The release of ONNX Runtime from whose Python wheel its texts are taken: its npm packages have none. */
const ONNX_RUNTIME = 'onnxruntime-1.30';

/** What to do about packages that come without the text of their licence. */
interface Rule {
  readonly name: RegExp;
  /** Files of {@link TEXTS} that belong to the package in any case. */
  readonly texts?: readonly string[];
  /** The package's README is the notice about what it contains. */
  readonly readme?: boolean;
  /** A package of the same authors under the same licence, whose text is taken. */
  readonly like?: string;
}

const RULES: readonly Rule[] = [
  { name: /^@aws-sdk\//, like: '@aws-sdk/client-s3' },
  { name: /^@hono\//, like: 'hono' },
  { name: /^@napi-rs\/nice-/, like: '@napi-rs/nice' },
  { name: /^onnxruntime-common$/, texts: [`${ONNX_RUNTIME}.txt`] },
  { name: /^onnxruntime-node$/, texts: [`${ONNX_RUNTIME}.txt`, `${ONNX_RUNTIME}-third-party.txt`] },
  // The LGPL asks for the GPL's text, too, which it builds on.
  { name: /^@img\/sharp-libvips-/, readme: true, texts: ['LGPL-3.0.txt', 'GPL-3.0.txt'] },
];

const HEADER = `Third-party software

This file has the licences of the npm packages in this image, and of the libraries that are part of their binaries.
Beside it are the licences of ofa-ve (LICENSE) and Node.js (nodejs.txt), and a list of everything with its version
(sbom.cdx.json). Those of the base image are where it has them: /usr/share/doc/*/copyright for Debian and Ubuntu.

libvips and the libraries in it are one shared library, which may be replaced by another build of it:
node_modules/@img/sharp-libvips-*/lib. What it was built from, and how, is at https://github.com/lovell/sharp-libvips.
`;

const LINE = '-'.repeat(80);

interface InstalledPackage {
  readonly folder: string;
  readonly name: string;
  /** Name, version and licence. */
  readonly label: string;
}

/** Folders of all packages in a `node_modules`, those within other packages included. */
export async function packageFolders(modules: string): Promise<string[]> {
  const files = await readdir(modules, { recursive: true });
  return files
    .filter((file) => /^(@[^/]+\/)?[^/]+\/package\.json$/.test(file.split(/(?:^|\/)node_modules\//).at(-1) ?? ''))
    .map((file) => path.join(modules, path.dirname(file)))
    .sort();
}

/**
 * The licences of packages, each text once, below the packages that it belongs to.
 *
 * @throws Error naming the packages whose licence is nowhere to be found
 */
export async function thirdPartyNotices(folders: readonly string[]): Promise<string> {
  const packages = await Promise.all(folders.map(readPackage));
  const owners = new Map<string, string[]>();
  const without: string[] = [];
  for (const each of packages) {
    const texts = await licenceTexts(each, packages);
    if (texts.length === 0) without.push(each.label);
    for (const text of new Set(texts)) owners.set(text, [...(owners.get(text) ?? []), each.label]);
  }
  if (without.length > 0) {
    throw new Error(
      `These packages have no text of their licence: ${without.join(', ')}. Add a rule to docker/notices.ts that names it.`,
    );
  }
  const sections = [...owners].map(([text, labels]) => `${LINE}\n${labels.join('\n')}\n${LINE}\n\n${text}\n`);
  return [HEADER, ...sections].join('\n');
}

async function readPackage(folder: string): Promise<InstalledPackage> {
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  const { name, version, license = 'licence not stated' } = manifest;
  return { folder, name, label: `${name} ${version} (${license})` };
}

async function licenceTexts(wanted: InstalledPackage, all: readonly InstalledPackage[]): Promise<string[]> {
  const rule = RULES.find(({ name }) => name.test(wanted.name));
  const files = [
    ...(await licenceFiles(wanted.folder)),
    ...(rule?.readme === true ? [path.join(wanted.folder, 'README.md')] : []),
    ...(rule?.texts ?? []).map((file) => path.join(TEXTS, file)),
  ];
  if (files.length === 0 && rule?.like !== undefined) {
    const like = all.find(({ name }) => name === rule.like);
    if (like !== undefined) files.push(...(await licenceFiles(like.folder)));
  }
  return await Promise.all(files.map(async (file) => (await readFile(file, 'utf8')).replaceAll('\r\n', '\n').trim()));
}

/** A package's licences and notices, and those of what lies in its folders, but not those of packages in it. */
async function licenceFiles(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true });
  return files
    .filter((file) => !`/${file}`.includes('/node_modules/') && isLicence(path.basename(file)))
    .map((file) => path.join(folder, file))
    .sort();
}

function isLicence(name: string): boolean {
  return /^(licen[cs]e|copying|copyright|notice)[^.]*(\.(md|txt))?$|\.licen[cs]e\.txt$/i.test(name);
}
