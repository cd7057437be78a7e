import { Tokenizer as BpeTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { parseMerges, parseVocabulary, SPECIAL_TOKENS } from './vocabulary.ts';

/** Converts text to token ids. */
export interface Tokenizer {
  /** Number of tokens. Ids are smaller. */
  readonly size: number;
  readonly special: { readonly bos: number; readonly pad: number; readonly eos: number };
  /**
   * Byte-level BPE of any text. Adds no tokens and truncates nothing. Control tokens in the text, such as `<s>`, are
   * encoded like any other characters. Lone surrogates become U+FFFD.
   */
  encode(text: string): number[];
  /** The token as spelled in the vocabulary (a space is `Ġ`), for display. */
  tokenString(id: number): string;
}

/**
 * GPT-2's pattern of the pieces that BPE does not merge across. Whitespace is Unicode's property White_Space, as in
 * Python's regex module: unlike it, JavaScript's `\s` lacks U+0085 and includes U+FEFF.
 */
const PIECES =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+" +
  '|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+';

/**
 * Makes a package's `tokenizer.json` (Hugging Face's format) from a checkpoint's `vocab.json` and `merges.txt`.
 * It has no added tokens, so that no text can inject one.
 *
 * @throws UserError (vocabulary-invalid)
 */
export function buildTokenizerJson(vocabText: string, mergesText: string): string {
  const tokens = parseVocabulary(vocabText);
  const merges = parseMerges(mergesText, tokens);
  return JSON.stringify({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PIECES }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  });
}

/** The part of the library that is used. Its own types do not resolve under Node's module resolution. */
type BpeConstructor = new (
  file: object,
  config: object,
) => { encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] } };
const Bpe = BpeTokenizer as unknown as BpeConstructor;

/** The fields that are used here. The library validates the rest. */
const fileSchema = z.looseObject({
  model: z.looseObject({ type: z.literal('BPE'), vocab: z.record(z.string(), z.int().nonnegative()) }),
});

/**
 * Loads a tokenizer from the output of {@link buildTokenizerJson}.
 *
 * @throws UserError (package-unreadable) if it is anything else
 */
export function loadTokenizer(json: string): Tokenizer {
  try {
    return fromFile(fileSchema.parse(JSON.parse(json)));
  } catch (error) {
    throw new UserError('package-unreadable', 'tokenizer.json is damaged; compile the package again.', {
      cause: error,
    });
  }
}

function fromFile(file: z.infer<typeof fileSchema>): Tokenizer {
  const ids = new Map(Object.entries(file.model.vocab));
  const tokens = new Map([...ids].map(([token, id]) => [id, token]));
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined) throw new Error(`there is no token ${token}`);
    return id;
  };
  const bpe = new Bpe(file, {});
  return {
    size: ids.size,
    special: { bos: idOf(SPECIAL_TOKENS.bos), pad: idOf(SPECIAL_TOKENS.pad), eos: idOf(SPECIAL_TOKENS.eos) },
    encode: (text) => bpe.encode(text.toWellFormed(), { add_special_tokens: false }).ids,
    tokenString: (id) => tokens.get(id) ?? `<${id}?>`,
  };
}
