import { readSettings } from '../service/settings/read.ts';
import type { Answer } from '../service/inference/answer.ts';
import { openModel } from '../service/inference/open-model.ts';
import { UserError } from '../model/errors.ts';

/** A model that answers questions in this process. */
export interface LocalModel {
  /** Answers as the service would. */
  readonly ask: (image: Uint8Array, hypothesis: string, premise?: string) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a model package with the service's own settings, engine and exact pixels.
 *
 * @param dir folder of the package
 * @throws UserError if the package cannot be read; the first question rejects if the engine does not start
 */
export async function openLocalModel(dir: string): Promise<LocalModel> {
  const model = await openModel(dir, readSettings({ ...process.env, DEVICE: 'cpu', LABELS: '' }));
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
