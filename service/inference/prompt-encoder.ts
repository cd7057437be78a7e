import { LRUCache } from 'lru-cache';
import type { Tokenizer } from '../../model/package/tokenizer.ts';
import { textWarnings, type TextWarning } from '../../model/input/text-warnings.ts';
import { encodePrompt, type TextSettings } from '../../model/input/tokens.ts';

/** Most characters of kept texts: with their tokens they take a few MiB. */
const MAX_CHARACTERS = 2 ** 20;

/** The encoder's input ids for texts, and warnings about them. */
export interface EncodedTexts {
  readonly ids: readonly number[];
  readonly warnings: readonly TextWarning[];
}

/**
 * Turns texts into the tokens of a prompt. Recent ones are kept: a client asks the same about many pictures.
 *
 * @returns a function that throws as `encodePrompt` does
 */
export function promptEncoder(tokenizer: Tokenizer, settings: TextSettings) {
  const known = new LRUCache<string, EncodedTexts>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, key) => key.length,
  });
  return (hypothesis: string, premise: string | undefined): EncodedTexts => {
    const key = `${premise?.length ?? 'none'} ${premise ?? ''}${hypothesis}`;
    const kept = known.get(key);
    if (kept !== undefined) return kept;
    const encoded = encodePrompt(tokenizer, settings, hypothesis, premise);
    const texts = { ids: encoded.ids, warnings: textWarnings(settings, encoded, hypothesis, premise) };
    known.set(key, texts);
    return texts;
  };
}
