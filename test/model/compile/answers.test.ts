import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerTrie } from '../../../model/compile/ofa/answers.ts';

const EOS = 2;

describe('the answer trie', () => {
  test('has one branch, at the root, for one-token answers', () => {
    const trie = answerTrie([[7], [8], [9]], ['a', 'b', 'c'], EOS);
    expect(trie.branches).toEqual([trie.root]);
    expect(trie.root.next).toEqual([7, 8, 9]);
    expect(trie.inner).toEqual([]);
  });

  test('has a branch with </s> where one answer is the beginning of another', () => {
    const trie = answerTrie([[7], [7, 8]], ['is', 'is not'], EOS);
    expect(trie.branches.map((node) => node.next)).toEqual([[EOS, 8]]);
    expect(trie.paths.map((path) => path.map((step) => step.choice))).toEqual([[0], [1]]);
  });

  test('does not depend on the order of such answers', () => {
    const trie = answerTrie([[7, 8], [7]], ['is not', 'is'], EOS);
    expect(trie.branches.map((node) => node.next)).toEqual([[8, EOS]]);
  });

  test.each([
    [[[7], [7]], 'b'],
    [[[7], []], 'b'],
  ])('%j is refused', (answers, name) => {
    expect(() => answerTrie(answers, ['a', 'b'], EOS)).toThrow(
      `The answer "${name}" is empty or has the same tokens as another: every answer must differ.`,
    );
  });

  test('yields a probability distribution for uniform choices', () => {
    const tokens = fc.array(fc.integer({ min: 3, max: 5 }), { minLength: 1, maxLength: 4 });
    const distinct = fc.uniqueArray(tokens, { minLength: 2, maxLength: 8, selector: (each) => each.join() });
    fc.assert(
      fc.property(distinct, (answers) => {
        const trie = answerTrie(answers, answers.map(String), EOS);
        const sum = trie.paths.reduce(
          (total, path) => total + path.reduce((product, { node }) => product / node.next.length, 1),
          0,
        );
        expect(sum).toBeCloseTo(1, 9);
        for (const node of trie.inner) expect(node.parent).toBeDefined();
      }),
    );
  });
});
