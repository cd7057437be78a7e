import { describe, expect, test } from 'vitest';
import { modelSource } from '../../../model/fetch/source.ts';

const LARGE = 'iic/ofa_visual-entailment_snli-ve_large_en';
const PUBLIC = 'https://www.modelscope.cn';

describe('a model is given by', () => {
  test.each([
    ['large', LARGE],
    ['distilled', 'iic/ofa_visual-entailment_snli-ve_distilled_v2_en'],
    [LARGE, LARGE],
    ['owner/My_model-1.5', 'owner/My_model-1.5'],
  ])('%s', (word, id) => {
    expect(modelSource(word, 'v1')).toEqual({ id, revision: 'v1', endpoint: PUBLIC });
  });

  test.each(['huge', 'a/b/c', '../b', 'a/..', '', 'a/b c', `${PUBLIC}/models/one`, 'constructor'])(
    'is refused: %j',
    (word) => {
      expect(() => modelSource(word, 'master')).toThrow(
        /is not a model: give a preset \(large, distilled\) or a model id such as iic\//,
      );
    },
  );
});

describe('an endpoint', () => {
  test.each([
    ['https://mirror.example/hub/', 'https://mirror.example/hub'],
    ['mirror.example', 'https://mirror.example'],
    ['localhost:8000/hub', 'https://localhost:8000/hub'],
    ['HTTP://mirror.example', 'http://mirror.example'],
  ])('is an address, of https if it has no scheme: %s', (text, endpoint) => {
    expect(modelSource('a/b', 'master', text)).toEqual({ id: 'a/b', revision: 'master', endpoint });
  });

  test.each([
    'a b',
    'ftp://mirror.example',
    'https://mirror.example/?x=1',
    'https://mirror.example/#x',
    'https://me:word@mirror.example',
    'me:word@mirror.example',
    'https://',
    '',
  ])('is refused without being repeated: %j', (text) => {
    expect(() => modelSource('large', 'master', text)).toThrow(
      `The endpoint must be a web address such as ${PUBLIC}, without a password or a query.`,
    );
  });
});

describe('a token', () => {
  test('is kept beside the endpoint', () => {
    expect(modelSource('a/b', 'master', 'mirror.example', 'ms-123').token).toBe('ms-123');
  });

  test.each(['two words', 'line\nbreak', 'gehäim'])('is refused without being repeated: %j', (token) => {
    expect(() => modelSource('large', 'master', undefined, token)).toThrow(
      'MODELSCOPE_API_TOKEN must be one word of ASCII characters.',
    );
  });
});
