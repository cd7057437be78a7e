import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { deploymentApp } from '../../infra/app.ts';
import { config, extend, ofaLarge } from '../../infra/config.ts';
import { ofaVe } from '../../testing/cli.ts';
import { docProgram } from '../../testing/doc-programs.ts';
import { fixtureFile } from '../../testing/fixtures.ts';
import { tempFolder } from '../../testing/temp-folder.ts';
import { ROOT } from '../../testing/root.ts';

interface PackageFile {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const packageFile = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as PackageFile;

/** A project outside the repository, with the package and what it declares. */
let project = '';
/** Files of the package. */
let files: string[] = [];

beforeAll(() => {
  project = tempFolder();
  const installed = path.join(project, 'node_modules', 'ofa-ve');
  mkdirSync(installed, { recursive: true });
  execFileSync('npm', ['pack', '--ignore-scripts=false', '--silent', '--pack-destination', project], { cwd: ROOT });
  const archive = path.join(project, `ofa-ve-${packageFile.version}.tgz`);
  files = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
  execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', installed]);
  // As npm would install them; a package that is not declared is not found.
  const { dependencies, peerDependencies } = packageFile;
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), '@types/node']) {
    const link = path.join(project, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules', name), link);
  }
  writeFileSync(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
}, 600_000);

/**
 * Compiles programs of the project, and checks all declarations that they reach; fails with what the compiler says.
 * Without `exactOptionalPropertyTypes`, which those of cdk8s-plus-27 do not stand.
 */
function compile(programs: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(programs)) writeFileSync(path.join(project, file), text);
  const options = ['--strict', '--noUncheckedIndexedAccess', '--noImplicitOverride', '--verbatimModuleSyntax'];
  const target = ['--target', 'es2023', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--types', 'node'];
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '--ignoreConfig', ...options, ...target, '--skipLibCheck', 'false', ...Object.keys(programs)];
  const { stdout, status } = spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
  expect([stdout, status]).toEqual(['', 0]);
}

function run(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
}

/**
 * The types that the exported declarations of a module mention, and the module does not export. A program that keeps
 * such a value in a variable of its own could not name its type. Left out are base classes, and types that are looked up
 * by keys (`Settings[Name]`), which declarations of other modules write out.
 */
function unnamedTypes(file: string): string[] {
  const module = ts.ModuleKind.NodeNext;
  const resolution = ts.ModuleResolutionKind.NodeNext;
  const program = ts.createProgram([file], { strict: true, module, moduleResolution: resolution, types: ['node'] });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file) ?? expect.fail(file);
  const resolved = (symbol: ts.Symbol) =>
    (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(source) ?? expect.fail(file)).map(resolved);
  const isOwn = ({ declarations = [] }: ts.Symbol) =>
    declarations.some((node) => node.getSourceFile().fileName.includes('/ofa-ve/build/'));
  const mentioned = (node: ts.Node): ts.Symbol[] => {
    const isBaseClass = ts.isHeritageClause(node) && ts.isClassDeclaration(node.parent);
    if (isBaseClass || ts.isIndexedAccessTypeNode(node) || ts.isTypeParameterDeclaration(node)) return [];
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
    const inside: ts.Symbol[] = symbol === undefined ? [] : [resolved(symbol)];
    ts.forEachChild(node, (child) => void inside.push(...mentioned(child)));
    return inside;
  };
  const found = exports
    .flatMap(({ declarations = [] }) => declarations.flatMap(mentioned))
    .filter((symbol) => isOwn(symbol) && (symbol.flags & ts.SymbolFlags.TypeParameter) === 0);
  return [...new Set(found)].filter((symbol) => !exports.includes(symbol)).map(({ name }) => name);
}

it('the package has what runs, and no tests, benchmarks, training or sources', () => {
  const folders = new Set(files.map((file) => file.split('/').slice(1, 3).join('/')));
  expect([...folders].sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'NOTICE',
    'README.md',
    'bin/ofa-ve.js',
    ...['batch', 'cli', 'demo', 'imports', 'infra', 'library', 'model', 'plan', 'service'].map(
      (room) => `build/${room}`,
    ),
    ...['checkpoint', 'examples'].map((folder) => `demo/${folder}`),
    'package.json',
    ...['grpc', 'http'].map((folder) => `service/${folder}`),
  ]);
  expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
});

describe('a project outside', () => {
  const [checkpoint, picture] = [fixtureFile('mini-none', ''), fixtureFile('mini-none', 'image-00.png')];

  beforeAll(() => {
    const deploy = docProgram('library.md', 'deploy.ts');
    const wrong = deploy.replace('bodyLimitMb: 50', 'bodyLimitMb: 10');
    expect(wrong).not.toBe(deploy);
    const [judge, environments] = [docProgram('library.md', 'judge.ts'), docProgram('library.md', 'environments.ts')];
    compile({ 'judge.ts': judge, 'deploy.ts': deploy, 'wrong.ts': wrong, 'environments.ts': environments });
  }, 600_000);

  it('compiles a checkpoint and judges a picture, as the commands do', async () => {
    const { stdout, stderr } = run('judge.js', checkpoint, picture);
    expect(stderr).toBe('');
    const options = ['--image', picture, '--text', 'A dog sleeps.', '--json'];
    const expected = await ofaVe(['predict', '--model', path.join(project, 'package'), ...options], { DEVICE: 'cpu' });
    const { label, confidence } = JSON.parse(expected.stdout) as { label: string; confidence: number };
    const [first, ...rest] = stdout.trimEnd().split('\n');
    expect(first).toBe(`${label} ${confidence}`);
    expect(rest.slice(-2)).toEqual([expect.stringMatching(/^\d+$/), 'text text-empty']);

    // With the package that is there by now.
    expect(run('judge.js', checkpoint, picture).stdout).toBe(stdout);

    const bin = run('node_modules/ofa-ve/bin/ofa-ve.js', 'predict', '--model', 'package', ...options);
    expect([bin.stderr, JSON.parse(bin.stdout)]).toEqual(['', JSON.parse(expected.stdout)]);
  });

  it('runs the command with the demo model and without the repository', () => {
    const image = path.join('node_modules/ofa-ve/demo/examples');
    const options = ['--input', image, '--text', 'There are two red squares.', '--output', 'results'];
    const { stdout, status } = run('node_modules/ofa-ve/bin/ofa-ve.js', 'batch', '--demo', ...options);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^failed rows +0$/m)]);
    expect(existsSync(path.join(project, 'results', '_run.json'))).toBe(true);
    const demo = run('node_modules/ofa-ve/bin/ofa-ve.js', 'demo');
    expect(demo.stdout).toContain('The pictures are in node_modules/ofa-ve/demo/examples/.');
    expect(run('node_modules/ofa-ve/bin/ofa-ve.js', 'synth').stderr).toContain('run this command in a clone');
  });

  it('synthesizes the manifests that the repository synthesizes', () => {
    const { stderr, status } = run('deploy.js');
    expect([stderr, status]).toEqual(['', 0]);
    const dist = path.join(project, 'dist');
    const written = readdirSync(dist)
      .filter((file) => !file.includes('extra'))
      .sort()
      .map((file) => readFileSync(path.join(dist, file), 'utf8'));
    const workloads = [extend(ofaLarge, { exposure: { host: 'judge.example.com' } })];
    const own = deploymentApp(extend(config, { namespace: { name: 'judges' }, workloads }));
    expect(written.join('---\n')).toBe(own.synthYaml());
    expect(readdirSync(dist).filter((file) => file.includes('extra'))).toHaveLength(1);
  });

  it('synthesizes several deployments, after the namespaces that they are in', () => {
    const { stderr, status } = run('environments.js');
    expect([stderr, status]).toEqual(['', 0]);
    const names = readdirSync(path.join(project, 'clusters')).sort();
    expect(names[0]).toBe('0000-namespaces.k8s.yaml');
    expect(readFileSync(path.join(ROOT, 'docs/library.md'), 'utf8')).toContain(`\`${names[1] ?? ''}\``);
    expect(names.map((name) => name.replace(/-c[0-9a-f]{7}\.k8s\.yaml$/, '')).slice(1)).toEqual([
      '0001-staging-base',
      '0002-staging-ofa-ve',
      '0003-production-base',
      '0004-production-ofa-ve',
    ]);
  });

  it.each(['library', 'infra'])('can name every type that the declarations of %s mention', (room) => {
    expect(unnamedTypes(path.join(project, 'node_modules/ofa-ve/build', room, 'index.d.ts'))).toEqual([]);
  });

  it('gets the sentences of a wrong configuration, and writes nothing', () => {
    const { stderr, status } = run('wrong.js');
    expect([status, stderr]).toEqual([
      1,
      "The deployment's configuration has 1 mistake:\n  - workloads[0].exposure.bodyLimitMb is 10, below the service's MAX_BODY_MB, which is 50; clients would get the controller's error page.\n",
    ]);
  });
});
