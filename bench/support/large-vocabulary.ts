/** Tokens of the vocabulary that OFA shares with BART. */
const VOCABULARY_SIZE = 50_265;
const MERGES = 50_000;

const SPECIAL = ['<s>', '<pad>', '</s>', '<unk>'];

/** Words that become one token each: those of the prompts, the answers and the benchmark's sentences. */
const WORDS = [
  ...['yes', 'no', 'maybe', 'does', 'the', 'image', 'describe', '"', '"?', 'can', 'and', 'text1', 'imply'],
  ...['text2', 'there', 'is', 'a', 'are', 'two', 'people', 'dog', 'man', 'woman', 'on', 'in', 'of', 'with'],
];

/** The characters that represent the 256 bytes in GPT-2's byte-level BPE, in the order of their tokens. */
function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/**
 * A vocabulary of the same size and order as OFA's: special tokens, bytes, merged tokens, fillers and `<mask>`. The first
 * merges form {@link WORDS}; the rest are pairs of letters, and pairs of those.
 */
export function largeVocabulary(): { vocabulary: Record<string, number>; merges: string } {
  const bytes = byteCharacters();
  const merges = new Map<string, string>();
  const merge = (left: string, right: string): void => {
    if (merges.size < MERGES && !merges.has(left + right)) merges.set(left + right, `${left} ${right}`);
  };
  for (const word of WORDS) {
    let built = 'Ġ';
    for (const letter of word) {
      merge(built, letter);
      built += letter;
    }
  }
  const letters = Array.from('etaoinshrdlucmfwypvbgkjqxz');
  const pairs = letters.flatMap((left) => letters.map((right) => [left, right] as const));
  for (const [left, right] of pairs) merge(left, right);
  for (const [left, right] of pairs) for (const letter of letters) merge(left + right, letter);
  for (const start of pairs) for (const end of pairs) merge(start.join(''), end.join(''));
  const known = [...SPECIAL, ...bytes, ...merges.keys()];
  const fillers = Array.from({ length: VOCABULARY_SIZE - known.length - 1 }, (_, i) => `madeupword000${i}`);
  const tokens = [...known, ...fillers, '<mask>'];
  return {
    vocabulary: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: `#version: 0.2\n${[...merges.values()].join('\n')}\n`,
  };
}
