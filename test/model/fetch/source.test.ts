import { describe, expect, test } from 'vitest';
import { modelSource, withToken } from '../../../model/fetch/source.ts';

const LARGE = 'iic/ofa_visual-entailment_snli-ve_large_en';
const PUBLIC = 'https://www.modelscope.cn';

describe('a model is given by', () => {
  test.each([
    ['large', { id: LARGE, endpoint: PUBLIC, preset: 'large' }],
    [LARGE, { id: LARGE, endpoint: PUBLIC, preset: 'large' }],
    ['owner/My_model-1.5', { id: 'owner/My_model-1.5', endpoint: PUBLIC }],
    [`${PUBLIC}/models/${LARGE}`, { id: LARGE, endpoint: PUBLIC, preset: 'large' }],
    [`${PUBLIC}/models/${LARGE}/summary?x=1#y`, { id: LARGE, endpoint: PUBLIC, preset: 'large' }],
    [`${PUBLIC}/api/v1/models/${LARGE}/repo/files`, { id: LARGE, endpoint: PUBLIC, preset: 'large' }],
    ['http://mirror:81/deep/models/a/b/', { id: 'a/b', endpoint: 'http://mirror:81/deep' }],
  ])('%s', (word, expected) => {
    expect(modelSource(word)).toEqual(expected);
  });

  test('distilled, the preset of the published distilled model', () => {
    expect(modelSource('distilled').id).toBe('iic/ofa_visual-entailment_snli-ve_distilled_v2_en');
  });

  test.each(['huge', 'a/b/c', '../b', 'a/..', '', 'a/b c', 'https://', `${PUBLIC}/models/one`, 'constructor'])(
    'is refused: %j',
    (word) => {
      expect(() => modelSource(word)).toThrow(/is not a model: give a preset \(large, distilled\), a model id/);
    },
  );
});

describe('an endpoint', () => {
  test('keeps its path, and hands over its credentials apart', () => {
    expect(modelSource('a/b', 'https://me:p%C3%A4ss@mirror.example/hub/')).toEqual({
      id: 'a/b',
      endpoint: 'https://mirror.example/hub',
      authorization: `Basic ${Buffer.from('me:päss').toString('base64')}`,
    });
  });

  test.each([
    ['mirror.example', 'https://mirror.example'],
    ['localhost:8000/hub', 'https://localhost:8000/hub'],
    ['HTTP://mirror.example', 'http://mirror.example'],
  ])('without a scheme is one of https: %s', (text, endpoint) => {
    expect(modelSource('a/b', text)).toEqual({ id: 'a/b', endpoint });
  });

  test.each(['a b', 'ftp://mirror.example', 'https://mirror.example/?x=1', ''])('is refused: %j', (text) => {
    expect(() => modelSource('large', text)).toThrow(/^The endpoint must be a web address such as/);
  });

  test('may have a lone % in its password', () => {
    const { authorization } = modelSource('large', 'https://me:50%@mirror.example');
    expect(authorization).toBe(`Basic ${Buffer.from('me:50%').toString('base64')}`);
  });

  test('is refused beside an address, which includes its own', () => {
    expect(() => modelSource(`${PUBLIC}/models/a/b`, 'https://mirror.example')).toThrow(/not both/);
  });
});

describe('a token', () => {
  test('is for the public hub by default', () => {
    expect(withToken(modelSource('large'), 'ms-123').authorization).toBe('Bearer ms-123');
    expect(withToken(modelSource('a/b', 'https://mirror.example'), 'ms-123').authorization).toBeUndefined();
    expect(withToken(modelSource('https://mirror.example/models/a/b'), 'ms-123').authorization).toBeUndefined();
  });

  test('is for the endpoint that is named beside it', () => {
    const hub = 'mirror.example/deep';
    expect(withToken(modelSource('a/b', hub), 'ms-123', hub).authorization).toBe('Bearer ms-123');
    expect(withToken(modelSource('https://mirror.example/models/a/b'), 'x', hub).authorization).toBe('Bearer x');
    expect(withToken(modelSource('http://mirror.example/models/a/b'), 'x', hub).authorization).toBeUndefined();
    expect(withToken(modelSource(`${PUBLIC}/models/a/b`), 'x', hub).authorization).toBeUndefined();
  });

  test("yields to the endpoint's own credentials", () => {
    const hub = 'https://me:word@mirror.example';
    expect(withToken(modelSource('a/b', hub), 'ms-123', hub).authorization).toMatch(/^Basic /);
  });

  test.each(['two words', 'line\nbreak', 'gehäim'])('is refused without being repeated: %j', (token) => {
    const run = (): unknown => withToken(modelSource('large'), token);
    expect(run).toThrow('MODELSCOPE_API_TOKEN must be one word of ASCII characters.');
  });
});
