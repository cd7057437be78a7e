import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureFile, fixturePackage } from '../../testing/fixtures.ts';
import { ofaVe } from '../../testing/cli.ts';
import { predictBody, send } from './client.ts';
import { grpcClients, inferRequest } from './grpc/grpc-client.ts';
import type { TestService } from './service.ts';
import { stubServices } from './stub-service.ts';

/** A text for each code, the codes of its warnings, and what the first of them says. */
const KINDS = [
  ['a\tcat', ['control-character'], '(U+0009)'],
  ['a\xa0cat', ['no-break-space'], '(U+00A0)'],
  ['a\u200bcat', ['zero-width-space'], '(U+200B)'],
  ['a \u200fcat', ['bidi-mark'], '(U+200F)'],
  ['a c\ufffdt', ['replacement-character'], '(U+FFFD)'],
  // Each word is at least one token.
  ['cat '.repeat(200), ['words-cut-off', 'tokens-cut-off'], 'words of it'],
  ['x'.repeat(2000), ['tokens-cut-off'], 'tokens of the prompt'],
] as const;

interface Warning {
  readonly code: string;
  readonly field: string;
  readonly detail: string;
}

/** The ways to ask; each returns the warnings of the answer. */
const WAYS: Record<string, (live: TestService, text: string) => Promise<readonly Warning[]>> = {
  'a form': async ({ url }, text) => {
    const form = new FormData();
    form.append('text', text);
    form.append('image', new Blob([await readFile(fixtureFile('mini-none', 'image-00.png'))]), 'a.png');
    return warningsOf(await (await fetch(`${url}/predict`, { method: 'POST', body: form })).text());
  },
  JSON: async ({ url }, text) => warningsOf((await send(`${url}/predict/json`, await predictBody(text)).outcome).body),
  '/v2': async ({ url }, text) => {
    const { image } = JSON.parse(await predictBody(text)) as { image: string };
    const tensor = (name: string, value: string) => ({ name, datatype: 'BYTES', shape: [1], data: [value] });
    const body = JSON.stringify({ inputs: [tensor('image', image), tensor('text', text)] });
    const answer = await send(`${url}/v2/models/mini-none/infer`, body).outcome;
    const { parameters } = JSON.parse(answer.body) as { parameters: { warnings?: string } };
    return listOf(parameters.warnings);
  },
  gRPC: async (live, text) => {
    const { response } = await connect(live).infer(await inferRequest([text])).answer;
    return listOf(response?.parameters['warnings']?.string_param);
  },
};

const stub = stubServices();
const connect = grpcClients();
let packageDir = '';

beforeAll(async () => {
  packageDir = await fixturePackage('mini-none');
});

function warningsOf(body: string): readonly Warning[] {
  return (JSON.parse(body) as { warnings?: Warning[] }).warnings ?? [];
}

function listOf(json = '[]'): readonly Warning[] {
  return JSON.parse(json) as Warning[];
}

describe('a text that may be read otherwise than its sender expects', () => {
  it.each(Object.entries(WAYS))('gets its warning in the answer to %s', async (_, ask) => {
    const live = await stub.start({});
    for (const [text, codes, detail] of KINDS) {
      const sentence = expect.stringMatching(/^The text .*\.$/) as unknown;
      const warnings = await ask(live, text);
      expect(warnings).toEqual(codes.map((code) => ({ code, field: 'text', detail: sentence })));
      expect(warnings[0]?.detail).toContain(detail);
    }
    expect(await ask(live, 'a cat')).toEqual([]);
  });

  it('gets the same warnings from explain', async () => {
    const text = KINDS.map(([each]) => each).join(' ');
    const { stdout } = await ofaVe(['explain', '--json', '--model', packageDir, '--text', text]);
    const warnings = warningsOf(stdout);
    expect(warnings.map(({ code }) => code)).toEqual([...new Set(KINDS.flatMap(([, codes]) => codes))]);
    for (const [index, { detail }] of warnings.slice(0, 6).entries()) expect(detail).toContain(KINDS[index]?.[2]);
  });

  it('is named among several', async () => {
    const { infer } = connect(await stub.start({}));
    const { response } = await infer(await inferRequest(['a cat', 'a\tcat', 'a\ndog'])).answer;
    const [warning, ...others] = listOf(response?.parameters['warnings']?.string_param);
    expect(others).toEqual([]);
    expect(warning?.detail).toMatch(/^Text 2 contains .* The same holds for 1 more\.$/);
  });
});
