import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { deploymentApp } from '../../../infra/app.ts';
import { extend, type Customize, type DeploymentConfig } from '../../../infra/config.ts';
import { ROOT } from '../../../testing/root.ts';

/** Where the snippets pretend to be, so that their imports resolve. */
const SNIPPET = `${ROOT}infra/environments/snippet.ts`;

function compilerOptions(): ts.CompilerOptions {
  const config: unknown = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path)).config;
  return ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options;
}

/** Parsed once: the same for every snippet. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The program of the snippet before: what did not change is taken from it. */
let previous: ts.Program | undefined;

/** An environment with these changes to the workload. */
function withChanges(changes: string): string {
  return `import { config, extend, ofaLarge } from '../config.ts';
export default extend(config, { workloads: [extend(ofaLarge, ${changes})] });\n`;
}

/** What the compiler says of an environment; nothing if it compiles. */
function complaints(source: string): string[] {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const original = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    if (file === SNIPPET) return ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true);
    if (!parsed.has(file)) parsed.set(file, original(file, ...rest));
    return parsed.get(file);
  };
  const exists = host.fileExists.bind(host);
  host.fileExists = (file) => file === SNIPPET || exists(file);
  const program = ts.createProgram([SNIPPET], options, host, previous);
  previous = program;
  return program
    .getSemanticDiagnostics(program.getSourceFile(SNIPPET))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the compiler takes', () => {
  it('any part of a workload', () => {
    expect(
      complaints(
        withChanges(`{
        replicas: 3,
        resources: { requests: { cpu: '1500m', memory: '5.5Gi' } },
        server: { kind: 'ofa-ve', settings: { MAX_BATCH: 16, LOG_LEVEL: 'warn' } },
        scheduling: { nodeSelector: { zone: 'a', old: undefined } },
      }`),
      ),
    ).toEqual([]);
  });
});

/** What an example of a page exports: it sees what an environment sees. */
async function exportsOf(source: string): Promise<{ default: DeploymentConfig; customize?: Customize }> {
  const modules: Readonly<Record<string, unknown>> = {
    '../config.ts': await import('../../../infra/config.ts'),
    cdk8s: await import('cdk8s'),
  };
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const exports = {};
  const run = runInThisContext(`(require, exports) => {${outputText}\n}`) as (...scope: unknown[]) => void;
  run((name: string) => modules[name], exports);
  return exports as Awaited<ReturnType<typeof exportsOf>>;
}

describe.each(['docs/deploy.md', 'docs/changes.md', 'docs/batch.md'])('%s', (page) => {
  const guide = readFileSync(ROOT + page, 'utf8');
  const examples = [...guide.matchAll(/^ *```ts\n(.*?)^ *```$/gms)]
    .map(([, example = '']) => example)
    // Most show a part of a workload.
    .map((example) => (example.includes('export default') ? example : withChanges(`{ ${example} }`)))
    .map((source, index) => [index + 1, source] as const);

  it.each(examples)('compiles in example %i', (_number, source) => {
    expect(complaints(source)).toEqual([]);
  });

  it.each(examples)('has a deployment without mistakes in example %i', async (_number, source) => {
    const { default: config, customize = {} } = await exportsOf(source);
    // The text around an example says which clusters have what it needs.
    const app = deploymentApp(extend(config, { kubernetesVersion: '1.33' }), { customize });
    expect(app.synthYaml()).toContain('kind: Deployment');
  });
});

describe('the compiler refuses', () => {
  it.each([
    ['a misspelt field', '{ replica: 3 }', "'replica' does not exist"],
    ['a misspelt field further down', '{ exposure: { hots: "a.example" } }', "'hots' does not exist"],
    [
      'a misspelt setting of the service',
      "{ server: { kind: 'ofa-ve', settings: { MAX_BATC: 8 } } }",
      "'MAX_BATC' does not exist",
    ],
    [
      'a setting that the deployment fills in',
      "{ server: { kind: 'ofa-ve', settings: { MODEL_DIR: '/models' } } }",
      "'MODEL_DIR' does not exist",
    ],
    [
      'text where a setting is a number',
      "{ server: { kind: 'ofa-ve', settings: { MAX_BATCH: '8' } } }",
      "'string' is not assignable to type 'number'",
    ],
    [
      'a word that a setting does not know',
      "{ server: { kind: 'ofa-ve', settings: { LOG_LEVEL: 'verbose' } } }",
      `'"verbose"' is not assignable`,
    ],
    ['a decimal unit', "{ resources: { limits: { memory: '6GB' } } }", `'"6GB"' is not assignable`],
    ['memory without a unit', '{ resources: { limits: { memory: 6 } } }', "'number' is not assignable"],
    ['processors as memory', "{ resources: { limits: { cpu: '4Gi' } } }", `'"4Gi"' is not assignable`],
    ['a GPU of two kinds', "{ gpu: { kind: 'none', count: 1 } }", "'count' does not exist"],
    ['half a GPU', "{ gpu: { kind: 'mig', profile: '1g.10gb' } }", 'is missing the following properties'],
    ['an unknown route', "{ exposure: { route: 'traefik' } }", `'"traefik"' is not assignable`],
    ['an unknown controller', "{ exposure: { ingress: { controller: 'nginx' } } }", `'"nginx"' is not assignable`],
    ['two autoscalers', "{ autoscaling: { by: ['hpa', 'keda'] } }", 'is not assignable'],
    ['the removal of what must be there', '{ name: undefined }', "'undefined' is not assignable"],
  ])('%s', (_name, changes, complaint) => {
    expect(complaints(withChanges(changes)).join('\n')).toContain(complaint);
  });
});
