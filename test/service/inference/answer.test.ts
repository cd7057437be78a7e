import { expect, it } from 'vitest';
import { toAnswer } from '../../../service/inference/answer.ts';

it('names the most probable answer and gives every score in the order of the package', () => {
  const answer = toAnswer(['yes', 'no', 'maybe'], Float32Array.of(0.25, 0.5, 0.25), Float32Array.of(-2, -1, -2));
  expect(answer).toEqual({
    result: 1,
    label: 'no',
    confidence: 0.5,
    scores: { yes: 0.25, no: 0.5, maybe: 0.25 },
    logScores: { yes: -2, no: -1, maybe: -2 },
  });
  expect(Object.keys(answer.scores)).toEqual(['yes', 'no', 'maybe']);
});

it('takes the first of equally probable answers', () => {
  const half = Float32Array.of(0.5, 0.5);
  expect(toAnswer(['yes', 'no'], half, half).label).toBe('yes');
});
