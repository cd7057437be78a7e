import { UserError } from '../../errors.ts';

/** A node of the answer trie: a sequence of tokens that begins an answer, and what may follow. */
export interface TrieNode {
  /** The last token of the sequence; undefined at the root. */
  readonly token: number | undefined;
  readonly parent: TrieNode | undefined;
  /** Length of the sequence in tokens. */
  readonly depth: number;
  /** Tokens that may follow, in the order of the answers. Includes `</s>` if an answer ends here. */
  readonly next: number[];
  readonly children: Map<number, TrieNode>;
}

/** A term of an answer's score: the log-probability that `next[choice]` follows `node`. */
interface Step {
  readonly node: TrieNode;
  readonly choice: number;
}

/** The answers as a trie: at every step only tokens that continue some answer are allowed. */
export interface AnswerTrie {
  readonly root: TrieNode;
  /** Nodes where more than one token may follow, in depth-first order. Only these need a score. */
  readonly branches: readonly TrieNode[];
  /** Nodes below the root that the decoder must compute: branches and the nodes on their paths, parents first. */
  readonly inner: readonly TrieNode[];
  /** The steps of each answer. The sum of their log-probabilities is the answer's score. */
  readonly paths: readonly (readonly Step[])[];
}

/**
 * Builds the trie of the answers.
 *
 * @param answers the answers as tokens, without `</s>`
 * @param names the answers as text, for error messages
 * @param eos the token that ends an answer
 * @throws UserError if an answer is empty, or two have the same tokens
 */
export function answerTrie(answers: readonly (readonly number[])[], names: readonly string[], eos: number): AnswerTrie {
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

/** The path from the root to a node, both included. */
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
