import { UserError } from '../../errors.ts';

/** A point of the answers' trie: what was said so far, and what may follow. */
export interface TrieNode {
  /** The last token said; undefined at the root. */
  readonly token: number | undefined;
  readonly parent: TrieNode | undefined;
  /** Tokens said so far. */
  readonly depth: number;
  /** Tokens that may follow, `</s>` among them where an answer ends here, in the order of the answers. */
  readonly next: number[];
  readonly children: Map<number, TrieNode>;
}

/** Where a score is taken: the probability that `next[choice]` follows at `node`. */
export interface Step {
  readonly node: TrieNode;
  readonly choice: number;
}

/** The answers as a trie: at every step only the tokens that continue some answer are allowed. */
export interface AnswerTrie {
  readonly root: TrieNode;
  /** Nodes with a choice, in the order of their discovery: only there is anything to score. */
  readonly branches: readonly TrieNode[];
  /** Nodes below the root that have to be computed: branches and what leads to them, parents first. */
  readonly inner: readonly TrieNode[];
  /** The scored steps of each answer. Their log-probabilities, summed, are the answer's score. */
  readonly paths: readonly (readonly Step[])[];
}

/**
 * Builds the trie of the answers.
 *
 * @param answers the answers as tokens, without `</s>`
 * @param names the answers as text, for errors
 * @param eos the token that ends an answer
 * @throws UserError if an answer is empty or two are the same tokens
 */
export function answerTrie(
  answers: readonly (readonly number[])[],
  names: readonly string[],
  eos: number,
): AnswerTrie {
  const root: TrieNode = { token: undefined, parent: undefined, depth: 0, next: [], children: new Map() };
  answers.forEach((tokens, at) => {
    if (!insert(root, tokens, eos)) {
      throw new UserError(
        'checkpoint-unsupported',
        `The answer "${names[at] ?? ''}" is empty or has the same tokens as another: every answer must differ.`,
      );
    }
  });
  const branches = discover(root).filter((node) => node.next.length > 1);
  const inner = new Set<TrieNode>();
  for (const branch of branches) for (const node of lineage(branch)) inner.add(node);
  inner.delete(root);
  const paths = answers.map((tokens) => stepsOf(root, [...tokens, eos]));
  return { root, branches, inner: [...inner].sort((a, b) => a.depth - b.depth), paths };
}

/** A node and what leads to it, the root first. */
export function lineage(node: TrieNode): TrieNode[] {
  return node.parent ? [...lineage(node.parent), node] : [node];
}

function insert(root: TrieNode, tokens: readonly number[], eos: number): boolean {
  let node = root;
  for (const token of tokens) {
    let child = node.children.get(token);
    if (!child) {
      child = { token, parent: node, depth: node.depth + 1, next: [], children: new Map() };
      node.children.set(token, child);
      node.next.push(token);
    }
    node = child;
  }
  if (tokens.length === 0 || node.next.includes(eos)) return false;
  node.next.push(eos);
  return true;
}

function discover(node: TrieNode): TrieNode[] {
  return [node, ...[...node.children.values()].flatMap(discover)];
}

function stepsOf(root: TrieNode, tokens: readonly number[]): Step[] {
  const steps: Step[] = [];
  let node: TrieNode | undefined = root;
  for (const token of tokens) {
    if (!node) break;
    if (node.next.length > 1) steps.push({ node, choice: node.next.indexOf(token) });
    node = node.children.get(token);
  }
  return steps;
}
