import { describe, expect, test } from 'vitest';
import { modelSource } from '../../../model/fetch/source.ts';

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

  test.each(['mirror.example', 'ftp://mirror.example', 'https://mirror.example/?x=1', ''])('is refused: %j', (text) => {
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
