import { LRUCache } from 'lru-cache';
import type { Tokenizer } from '../../model/package/tokenizer.ts';
import { textWarnings, type TextWarning } from '../../model/input/text-warnings.ts';
import { encodePrompt, isBlank, type TextSettings } from '../../model/input/tokens.ts';

/** Texts to keep: with their tokens and warnings they take a few MiB. */
const MAX_TEXTS = 2000;
/** Most characters of a hypothesis and its premise to keep. Few have more. */
const MAX_CHARACTERS = 1000;

/** The encoder's input ids for texts, and warnings about them. */
export interface EncodedTexts {
  readonly ids: readonly number[];
  readonly warnings: readonly TextWarning[];
}

/**
 * Turns texts into the tokens of a prompt. A premise without words counts as none.
 *
 * @param keeps whether to keep recent texts with their tokens: a client asks the same about many pictures
 * @returns a function that throws as `encodePrompt` does
 */
export function promptEncoder(tokenizer: Tokenizer, settings: TextSettings, keeps: boolean) {
  const known = keeps ? new LRUCache<string, EncodedTexts>({ max: MAX_TEXTS }) : undefined;
  return (hypothesis: string, given: string | undefined): EncodedTexts => {
    const key = `${given?.length ?? 'none'} ${given ?? ''}${hypothesis}`;
    const kept = known?.get(key);
    if (kept !== undefined) return kept;
    const premise = isBlank(given) ? undefined : given;
    const encoded = encodePrompt(tokenizer, settings, hypothesis, premise);
    const texts = { ids: encoded.ids, warnings: textWarnings(settings, encoded, hypothesis, premise) };
    if (key.length <= MAX_CHARACTERS) known?.set(key, texts);
    return texts;
  };
}
