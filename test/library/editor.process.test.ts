import { readFileSync, existsSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { ROOT } from '../../testing/root.ts';

/** What an editor shows about the words of a program at the repository's root. */
function hover(program: string, words: readonly string[]): string[] {
  const file = `${ROOT}program.ts`;
  const config = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => readFileSync(path, 'utf8')).config,
    ts.sys,
    ROOT,
  );
  const read = (path: string): string | undefined =>
    path === file ? program : existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const service = ts.createLanguageService({
    getScriptFileNames: () => [file],
    getScriptVersion: () => '1',
    getScriptSnapshot: (path) => {
      const text = read(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => ROOT,
    getCompilationSettings: () => config.options,
    getDefaultLibFileName: (options) => ts.getDefaultLibFilePath(options),
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: read,
    readDirectory: (...given) => ts.sys.readDirectory(...given),
    directoryExists: (path) => ts.sys.directoryExists(path),
    getDirectories: (path) => ts.sys.getDirectories(path),
  });
  return words.map((word) => {
    const info = service.getQuickInfoAtPosition(file, program.indexOf(`${word}:`));
    const tags = (info?.tags ?? []).map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`);
    return [ts.displayPartsToString(info?.documentation), ...tags].join(' ').replaceAll('\n', ' ');
  });
}

it('shows in editors what a field or setting means, with its unit and default', () => {
  const program = `
    import { extend, ofaLarge } from './infra/index.ts';
    import { openModel } from './library/index.ts';
    extend(ofaLarge, { exposure: { bodyLimitMb: 50 }, server: { kind: 'ofa-ve', settings: { MAX_QUEUE: 3 } } });
    await openModel('package', { FEATURE_CACHE_MB: 3 });`;
  const [limit, queue, cache] = hover(program, ['bodyLimitMb', 'MAX_QUEUE', 'FEATURE_CACHE_MB']);
  expect(limit).toMatch(/^Largest request body .*MiB.* @default 50$/);
  expect(queue).toMatch(/^Most items accepted .* from 1 to 100000\. @default 64$/);
  expect(cache).toMatch(/^MiB in which each engine .* @default 64$/);
});
