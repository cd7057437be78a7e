import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOC_PAGES } from '../../testing/doc-pages.ts';
import { ROOT } from '../../testing/root.ts';

/** The options of a command of `ofa-ve`, as its help shows them; undefined if there is no such command. */
const options = new Map<string, readonly string[] | undefined>();
function optionsOf(command: string): readonly string[] | undefined {
  if (!options.has(command)) {
    const args = [`${ROOT}bin/ofa-ve.js`, ...command.split(' ').filter((word) => word !== ''), '--help'];
    const help = execFileSync(process.execPath, args, { encoding: 'utf8' });
    // For a command that is not there, the help is that of the program.
    const isThere = help.startsWith(`Usage: ofa-ve ${command}`.trimEnd());
    options.set(command, isThere ? (help.match(/--[a-z][a-z-]*/g) ?? []) : undefined);
  }
  return options.get(command);
}

/** Commands of `ofa-ve` in a text, each with its options, from a shell's lines or between backticks. */
function commandsIn(text: string) {
  const commands = text.replaceAll('\\\n', ' ').matchAll(/(?:npx |`)ofa-ve ((?:batch merge|[a-z]+)?)([^\n`|;&#]*)/g);
  return [...commands].map(([line, command = '', rest = '']) => ({
    line,
    command,
    used: rest.match(/(?<=\s)--[a-z][a-z-]*/g) ?? [],
  }));
}

it('knows commands that ofa-ve does not have, and options of others', () => {
  expect(optionsOf('comple')).toBeUndefined();
  expect(optionsOf('batch merge')).not.toContain('--part-rows');
  expect(commandsIn('Run `npx ofa-ve comple`:\n\nnpx ofa-ve batch merge \\\n  --out x | cat --all')).toMatchObject([
    { command: 'comple', used: [] },
    { command: 'batch merge', used: ['--out'] },
  ]);
});

describe.each(DOC_PAGES)('$page', ({ text }) => {
  it('shows commands that a shell can read', () => {
    const wrong = [...text.matchAll(/^ *```sh[^\n]*\n(.*?)^ *```$/gms)]
      .map(([, input = '']) => spawnSync('bash', ['-n'], { input, encoding: 'utf8' }).stderr)
      .filter((stderr) => stderr !== '');
    expect(wrong).toEqual([]);
  });

  it('shows commands and options that ofa-ve has', () => {
    const wrong = commandsIn(text).filter(({ command, used }) => {
      const known = optionsOf(command);
      return known === undefined || used.some((option) => !known.includes(option));
    });
    expect(wrong).toEqual([]);
  });

  it('shows scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
