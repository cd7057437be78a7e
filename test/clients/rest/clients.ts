import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, type Command } from './run.ts';
import { ROOT } from '../../../testing/root.ts';

/** Versions of the generators. */
const GENERATORS = { 'openapi-generator': '7.17.0', 'openapi-python-client': '0.29.0', orval: '7.13.0' } as const;

const CALLS = fileURLToPath(new URL('./calls/', import.meta.url));
/** Tools and generated code; below the root, so that generated code finds the packages of the project. */
export const WORK = path.join(ROOT, '.cache', 'rest-clients');
const JAR = path.join(WORK, `openapi-generator-cli-${GENERATORS['openapi-generator']}.jar`);
const VENV = path.join(WORK, 'venv');
const PYTHON = path.join(VENV, 'bin', 'python');

/** A generated client and a program that calls it. */
export interface Client {
  readonly name: string;
  /**
   * Generates it in a folder of its own.
   *
   * @param document path of the OpenAPI document
   * @returns the command that calls it; the arguments URL IMAGE TEXT TEXT are added
   */
  prepare(folder: string, document: string): Promise<Command>;
}

/** Fetches the generators that several clients use. */
export async function fetchTools(): Promise<void> {
  await mkdir(WORK, { recursive: true });
  const artifact = `org.openapitools:openapi-generator-cli:${GENERATORS['openapi-generator']}`;
  await run(['mvn', '-q', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${WORK}`], WORK);
  await run(['python3', '-m', 'venv', VENV], WORK);
  const packages = [`openapi-python-client==${GENERATORS['openapi-python-client']}`, 'setuptools', 'ruff'];
  await run([PYTHON, '-m', 'pip', 'install', '-q', ...packages], WORK);
}

const openApiGenerator = async (generator: string, document: string, output: string, options = ''): Promise<void> => {
  const properties = options === '' ? [] : [`--additional-properties=${options}`];
  await run(['java', '-jar', JAR, 'generate', '-g', generator, '-i', document, '-o', output, ...properties], WORK);
};

const python: Client = {
  name: `openapi-generator ${GENERATORS['openapi-generator']}, python`,
  prepare: async (folder, document) => {
    await openApiGenerator('python', document, path.join(folder, 'client'));
    await run([PYTHON, '-m', 'pip', 'install', '-q', path.join(folder, 'client')], folder);
    return [PYTHON, path.join(CALLS, 'openapi_generator.py')];
  },
};

const pythonClient: Client = {
  name: `openapi-python-client ${GENERATORS['openapi-python-client']}`,
  prepare: async (folder, document) => {
    const bin = path.join(VENV, 'bin');
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    await run(
      [path.join(bin, 'openapi-python-client'), 'generate', '--path', document, '--output-path', 'client'],
      folder,
      env,
    );
    await run([PYTHON, '-m', 'pip', 'install', '-q', path.join(folder, 'client')], folder);
    return [PYTHON, path.join(CALLS, 'openapi_python_client.py')];
  },
};

/** @param setBase the method that sets the address of the service, by which the libraries differ */
function java(library: string, setBase: string): Client {
  return {
    name: `openapi-generator ${GENERATORS['openapi-generator']}, java (${library})`,
    prepare: async (folder, document) => {
      await openApiGenerator('java', document, folder, `library=${library}`);
      const source = await readFile(path.join(CALLS, 'Calls.java'), 'utf8');
      await writeFile(path.join(folder, 'src/main/java/Calls.java'), source.replace('setBaseOf', setBase));
      await run(
        ['mvn', '-q', '-DskipTests', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'],
        folder,
      );
      return ['java', '-cp', `${path.join(folder, 'target/classes')}:${path.join(folder, 'lib')}/*`, 'Calls'];
    },
  };
}

const go: Client = {
  name: `openapi-generator ${GENERATORS['openapi-generator']}, go`,
  prepare: async (folder, document) => {
    await openApiGenerator('go', document, folder, 'packageName=ofave,withGoMod=false,isGoSubmodule=false');
    await writeFile(path.join(folder, 'go.mod'), 'module example.org/ofave\n\ngo 1.23\n');
    await mkdir(path.join(folder, 'calls'), { recursive: true });
    await copyFile(path.join(CALLS, 'calls.go'), path.join(folder, 'calls', 'main.go'));
    // They import a path that is a placeholder.
    await rm(path.join(folder, 'test'), { recursive: true });
    await run(['go', 'mod', 'tidy'], folder);
    await run(['go', 'build', '-o', 'call', './calls'], folder);
    return [path.join(folder, 'call')];
  },
};

const typescriptFetch: Client = {
  name: `openapi-generator ${GENERATORS['openapi-generator']}, typescript-fetch`,
  prepare: async (folder, document) => {
    await openApiGenerator(
      'typescript-fetch',
      document,
      path.join(folder, 'client'),
      'npmName=ofa-ve,supportsES6=true',
    );
    // Its own is for its build, and would make its files CommonJS.
    await rm(path.join(folder, 'client', 'package.json'));
    return typescript('typescript-fetch.ts', folder);
  },
};

const orval: Client = {
  name: `orval ${GENERATORS.orval}, fetch`,
  prepare: async (folder, document) => {
    await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await run(['npm', 'install', '--no-audit', '--no-fund', `orval@${GENERATORS.orval}`, 'typescript@5'], folder);
    const bin = path.join(folder, 'node_modules/.bin/orval');
    await run([bin, '--input', document, '--output', './client.ts', '--client', 'fetch'], folder);
    return typescript('orval.ts', folder);
  },
};

/** As a test of the project uses it, too. */
export const openApiFetch: Client = {
  name: 'openapi-typescript and openapi-fetch, of package-lock.json',
  prepare: async (folder, document) => {
    const generator = path.join(ROOT, 'node_modules/openapi-typescript/bin/cli.js');
    await run([process.execPath, generator, document, '--output', path.join(folder, 'client.d.ts')], folder);
    return typescript('openapi-fetch.ts', folder);
  },
};

/** Copies a program to its client, and checks the types of both. */
async function typescript(program: string, folder: string): Promise<Command> {
  const copy = path.join(folder, program);
  await copyFile(path.join(CALLS, program), copy);
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const bin = path.join(ROOT, 'node_modules');
  const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2022', '--module', 'preserve'];
  const types = ['--lib', 'es2023,dom,dom.iterable', '--types', 'node', '--typeRoots', path.join(bin, '@types')];
  await run(
    [process.execPath, path.join(bin, 'typescript/bin/tsc'), '--ignoreConfig', ...options, ...types, copy],
    folder,
  );
  return [process.execPath, path.join(bin, 'tsx/dist/cli.mjs'), copy];
}

export const CLIENTS: readonly Client[] = [
  python,
  typescriptFetch,
  java('native', 'updateBaseUri'),
  java('okhttp-gson', 'setBasePath'),
  go,
  pythonClient,
  orval,
  openApiFetch,
];
