import { readSettings } from '../service/settings/read.ts';
import type { Answer } from '../service/inference/answer.ts';
import { openModel } from '../service/inference/open-model.ts';
import { UserError } from '../model/errors.ts';

/** A model that answers one sentence after the other, or many at a time, in this process. */
export interface Asking {
  /** What the service would answer about the picture file. */
  readonly ask: (image: Uint8Array, hypothesis: string, premise?: string) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a model package with the service's own settings, engine and exact pixels.
 *
 * @param dir folder of the package
 * @throws UserError if the package cannot be read or its engine does not start
 */
export async function openAsking(dir: string): Promise<Asking> {
  const model = await openModel(dir, readSettings({ ...process.env, DEVICE: 'cpu' }));
  return {
    ask: async (image, hypothesis, premise) => {
      const { signal } = new AbortController();
      const request = { image, hypotheses: [hypothesis], premise, signal };
      const [answer] = await model.failFast(model.predictor.predict(request));
      if (answer === undefined) throw new UserError('engine-failed', 'The engine gave no answer.');
      return answer;
    },
    close: () => model.close(),
  };
}
