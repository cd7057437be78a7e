import { UserError } from '../model/errors.ts';
import { EngineUnavailable, InputError } from '../service/inference/errors.ts';

/**
 * Waits for the answer to a question of the command line.
 *
 * @throws UserError `input-unreadable` if the picture or a text cannot be judged, `engine-failed` if the engine fails
 */
export async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError || error instanceof EngineUnavailable)) throw error;
    const code = error instanceof InputError ? 'input-unreadable' : 'engine-failed';
    throw new UserError(code, error.message, { cause: error });
  }
}
