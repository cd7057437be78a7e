import {
  requireBytes,
  requireFunction,
  requireObject,
  requireOptions,
  requireSignal,
  requireText,
  wrongType,
} from '../model/arguments.ts';
import { UserError } from '../model/errors.ts';
import type { TextWarning } from '../model/input/text-warnings.ts';
import type { Answer } from '../service/inference/answer.ts';
import { EngineUnavailable } from '../service/inference/errors.ts';
import { withoutQueueLimit } from '../service/inference/open-engines.ts';
import { openModel as openWithEngines, type OpenModel } from '../service/inference/open-model.ts';
import { checkSettings } from '../service/settings/check.ts';
import { DEFAULT_SETTINGS, type Settings } from '../service/settings/definitions.ts';

const SETTING_NAMES = [
  'LABELS',
  'IMAGE_ORIENTATION',
  'DEVICE',
  'ENGINES',
  'ENGINE_THREADS',
  'MAX_BATCH',
  'FEATURE_CACHE_MB',
  'ENGINE_TIMEOUT_MS',
  'ENGINE_START_TIMEOUT_MS',
] as const satisfies readonly (keyof Settings)[];
type Chosen = Pick<Settings, (typeof SETTING_NAMES)[number]>;

/**
 * Settings of an opened model, by the names and with the defaults that they have for the service
 * (docs/reference/settings.md), which a setting that is undefined has, too. Variables of the environment are not read.
 */
export type ModelSettings = { readonly [Name in keyof Chosen]?: Chosen[Name] | undefined };

/** A model package with running engines; `await using` closes it. */
export interface Model extends AsyncDisposable {
  readonly name: string;
  readonly precision: 'fp32' | 'fp16' | 'int8';
  /** First 12 hexadecimal digits of the SHA-256 of the package's manifest. */
  readonly digest: string;
  /** The answers, as the setting LABELS names and orders them. */
  readonly labels: readonly string[];
  /** Side of the model's square input image, in pixels. */
  readonly imageSize: number;
  /** Stops the engines. Without it, they keep the process alive. */
  close(): Promise<void>;
}

/** A picture and what to judge about it. */
export interface Question<Text extends string | readonly string[] = string | readonly string[]> {
  /** The bytes of an image file: JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF. */
  readonly image: Uint8Array;
  /** The hypothesis, or several about this picture, whose features are then computed once. */
  readonly text: Text;
  /** A text taken as true besides the picture, if the model reads one; blank counts as none. */
  readonly premise?: string | undefined;
}

/** Options of {@link predict}. */
export interface PredictOptions {
  /** Withdraws the question; `predict` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each warning about a text; `index` is that of its hypothesis. */
  readonly onWarning?: ((warning: TextWarning, index: number) => void) | undefined;
}

/** What {@link predict} needs of a model, which is not part of the library's interface; `closed` once it is. */
const opened = new WeakMap<Model, OpenModel | 'closed'>();

/**
 * Opens a model package and starts its engines, each in a process of its own.
 *
 * @param folder a package that {@link compile} or `ofa-ve compile` has written
 * @returns the model, once an engine has passed its self-test
 * @throws UserError `package-unreadable`, `package-damaged`, `settings-invalid`, `machine-unsuitable` or `engine-failed`
 */
export async function openModel(folder: string, settings: ModelSettings = {}): Promise<Model> {
  requireText("The model package's folder", folder);
  requireObject('The settings', settings);
  const values = { ...DEFAULT_SETTINGS, ...checked(settings) };
  const model = await openWithEngines(folder, withoutQueueLimit(values));
  try {
    await model.failFast(model.pool.whenReady());
  } catch (error) {
    await model.close();
    throw error;
  }
  const { name, precision, digest, labels, imageSize } = model.predictor.model;
  const close = (): Promise<void> => {
    opened.set(facade, 'closed');
    return model.close();
  };
  const facade = { name, precision, digest, labels, imageSize, close, [Symbol.asyncDispose]: close };
  opened.set(facade, model);
  return facade;
}

/**
 * Judges one hypothesis or several about a picture, with the same result as the service. Questions that are asked at the
 * same time share the engines' batches.
 *
 * @returns an answer, or one for each hypothesis if `text` is a list
 * @throws InputError if the image or a text cannot be judged
 * @throws EngineUnavailable if the engines fail on it, or are closed
 */
export function predict(model: Model, question: Question<string>, options?: PredictOptions): Promise<Answer>;
export function predict(
  model: Model,
  question: Question<readonly string[]>,
  options?: PredictOptions,
): Promise<Answer[]>;
export function predict(model: Model, question: Question, options?: PredictOptions): Promise<Answer | Answer[]>;
export async function predict(
  model: Model,
  question: Question,
  options: PredictOptions = {},
): Promise<Answer | Answer[]> {
  const found = opened.get(model);
  if (found === undefined) throw new TypeError('The model is not one that openModel has returned.');
  checkTypes(question, options);
  if (found === 'closed') throw new EngineUnavailable('The model is closed.');
  const { image, text, premise } = question;
  const { signal = new AbortController().signal, onWarning } = options;
  const hypotheses = typeof text === 'string' ? [text] : text;
  const warn = onWarning === undefined ? {} : { onWarning };
  const answers = await found.predictor.predict({ image, hypotheses, premise, signal, ...warn });
  const [answer] = answers;
  return typeof text === 'string' && answer !== undefined ? answer : answers;
}

/** @throws TypeError if a program in JavaScript passes something else than {@link predict} declares */
function checkTypes(question: Question, options: PredictOptions): void {
  requireObject('The question', question);
  requireOptions(options, ['signal', 'onWarning']);
  const { image, text, premise } = question;
  const { signal, onWarning }: { signal?: unknown; onWarning?: unknown } = options;
  requireBytes('image', image);
  if (Array.isArray(text)) for (const [index, each] of text.entries()) requireText(`text[${index}]`, each);
  else if (typeof text !== 'string') throw wrongType('text', 'a string or an array of strings', text);
  if (premise !== undefined) requireText('premise', premise);
  requireSignal(signal);
  if (onWarning !== undefined) requireFunction('onWarning', onWarning);
}

/** The settings that are given, if they are known and right. */
function checked(settings: ModelSettings): Partial<Chosen> {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const names: readonly string[] = SETTING_NAMES;
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  const problems = [
    ...unknown.map((name) => `${name} is not one of ${names.join(', ')}`),
    ...checkSettings(given).map(
      ({ name, value, mustBe }) => `${name} is ${JSON.stringify(value)} but must be ${mustBe}`,
    ),
  ];
  if (problems.length > 0) throw new UserError('settings-invalid', `Wrong settings: ${problems.join('; ')}.`);
  return given;
}
